package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httputil"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// buffered returns a plan with one group, one slot per worker, and room for
// answers.
func buffered(t testing.TB, size int64) *plan.Plan {
	p := planOf(t, map[string]string{"default": "*"})
	p.Groups[0].MaxReqPerWorker = 1
	p.Groups[0].ResponseBuffer = plan.BufferSize{Bytes: size, Set: true}
	p.BufferMemory, p.BufferLimit, p.BufferDir = 64<<20, 1<<30, t.TempDir()
	return p
}

// narrowRig is a rig whose system takes few bytes for a client.
func narrowRig(t testing.TB, driver string, p *plan.Plan, more ...func(*Options)) *rig {
	t.Helper()
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 16<<10)
		}), err)
	}}
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return newRigOn(t, driver, p, ln, more...)
}

// reader is a client whose system takes few bytes before the client reads.
func (r *rig) reader() *client {
	r.t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
		}), err)
	}}
	c, err := d.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	require.NoError(r.t, c.SetDeadline(time.Now().Add(patience)))
	return &client{c.(*net.TCPConn), r.t, bufio.NewReader(c)}
}

// open makes the client's system take more at once.
func (c *client) open() { _ = c.SetReadBuffer(megabyte) }

// kept returns how many bytes the proxy keeps.
func (r *rig) kept() int64 {
	s := r.proxy.buffers.Stats()
	return s.Memory + s.Disk
}

// nothingKept waits until the proxy keeps nothing.
func (r *rig) nothingKept() {
	r.t.Helper()
	soon(r.t, func() bool { return r.kept() == 0 }, "something is still kept")
}

// inStage waits until n requests are in a stage.
func (r *rig) inStage(n int, stage Stage) {
	r.t.Helper()
	soon(r.t, func() bool {
		all, _ := r.proxy.InHand(1000)
		return n <= len(slices.DeleteFunc(all, func(h InHand) bool { return h.Stage != stage }))
	}, "not %s", stage)
}

// longBody returns n bytes, of which no two parts are alike.
func longBody(n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%07d\n", b.Len())
	}
	return b.String()[:n]
}

// chunksOf returns body in chunks, with the last one.
func chunksOf(body string) string {
	const size = 1000
	var b strings.Builder
	for ; len(body) > size; body = body[size:] {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", size, body[:size])
	}
	fmt.Fprintf(&b, "%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	return b.String()
}

const megabyte = 1 << 20

// A framing is a way to frame an answer.
type framing struct {
	name  string
	frame func(body string) string
}

var framings = []framing{
	{"length", func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
	}},
	{"chunked", func(body string) string { return chunkedHead + chunksOf(body) }},
	{"until close", func(body string) string { return endlessHead + body }},
}

// eachFraming runs the test with each framing and driver.
func eachFraming(t *testing.T, test func(t *testing.T, driver string, f framing)) {
	for _, f := range framings {
		t.Run(f.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) { test(t, driver, f) })
		})
	}
}

// saying answers "/" with hello, and every other request with an answer after which
// it closes the connection if it ends so.
func saying(answer string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			if err != nil || readBody(in, head) != nil {
				return
			}
			if strings.Contains(head, " / ") {
				io.WriteString(c, hello)
				continue
			}
			if _, err := io.WriteString(c, answer); err != nil || strings.HasPrefix(answer, endlessHead) {
				return
			}
		}
	}
}

// sameBody checks a long body without printing it.
func sameBody(t testing.TB, want, got string) {
	t.Helper()
	require.True(t, want == got, "got %d bytes of %d", len(got), len(want))
}

// TestAheadFreesTheSlot checks that clients that read nothing hold no slot, and get
// everything once they read.
func TestAheadFreesTheSlot(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		const readers = 20
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := longBody(megabyte / 2)
		u := r.worker("default", saying(f.frame(body)))
		var all []*client
		for range readers {
			c := r.reader()
			c.say(http1test.Get("/much") + http1test.Get("/"))
			all = append(all, c)
		}
		r.inStage(readers, StageSending)
		r.idleAgain(u)
		other := r.client()
		other.say(http1test.Get("/"))
		_, hi := other.hear("GET")
		assert.Equal(t, "hello", hi)
		assert.Positive(t, r.kept())
		for _, c := range all {
			c.open()
			_, got := c.hear("GET")
			sameBody(t, body, got)
			if f.name != "until close" {
				_, got = c.hear("GET")
				assert.Equal(t, "hello", got, "the next request on the connection")
			}
		}
		r.nothingKept()
		r.idleAgain(u)
	})
}

// TestAheadOff checks that the worker is held by a client that does not read, if
// nothing is to be kept, and if no more may be kept.
func TestAheadOff(t *testing.T) {
	const size, small = 3 << 19, megabyte / 2
	for name, c := range map[string]struct {
		buffer int64
		field  string
	}{
		"no buffer":              {0, ""},
		"X-Accel-Buffering":      {64 * megabyte, "x-accel-buffering: No\r\n"},
		"larger than the buffer": {small, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.buffer == megabyte {
			}
			eachFraming(t, func(t *testing.T, driver string, f framing) {
				r := narrowRig(t, driver, buffered(t, c.buffer))
				body := longBody(size)
				answer := f.frame(body)
				answer = strings.Replace(answer, "OK\r\n", "OK\r\n"+c.field, 1)
				held := make(chan int, 1)
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					for n := 0; n < len(answer); {
						_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
						m, err := io.WriteString(c, answer[n:])
						if n += m; err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
							return
						}
						if n < len(answer) {
							select {
							case held <- n:
							default:
							}
						}
					}
				})
				cl := r.reader()
				cl.say(http1test.Get("/"))
				n := <-held
				for c.buffer == small && n <= small {
					n = <-held
				}
				requests, _ := u.worker.InFlight()
				assert.Equal(t, 1, requests)
				if c.buffer != small {
					assert.Zero(t, r.kept())
				}
				cl.open()
				_, got := cl.hear("GET")
				sameBody(t, body, got)
				r.idleAgain(u)
				r.nothingKept()
			})
		})
	}
}

// TestAheadWithoutRoom checks that an answer comes whole where the buffers have no
// room for it.
func TestAheadWithoutRoom(t *testing.T) {
	for name, memory := range map[string]int64{"none": 0, "a page": 64 << 10, "in memory": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			eachFraming(t, func(t *testing.T, driver string, f framing) {
				p := buffered(t, 16*megabyte)
				p.BufferMemory, p.BufferLimit = memory, 0
				p.Groups[0].MaxReqPerWorker = 3
				r := narrowRig(t, driver, p)
				body := longBody(megabyte / 2)
				u := r.worker("default", saying(f.frame(body)))
				var all []*client
				for range 3 {
					c := r.reader()
					c.say(http1test.Get("/much"))
					all = append(all, c)
				}
				for _, c := range all {
					c.open()
					_, got := c.hear("GET")
					sameBody(t, body, got)
				}
				r.idleAgain(u)
				r.nothingKept()
			})
		})
	}
}

// TestAheadStream checks that each part of a stream reaches a client before the next
// one is made, also after the client has been slow.
func TestAheadStream(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		s := newSlow()
		u := r.worker("default", s.serve)
		c := r.reader()
		c.say(http1test.Get("/"))
		<-s.began
		s.say <- strings.Replace(chunkedHead, "OK\r\n", "OK\r\ncontent-type: text/event-stream\r\n", 1)
		c.head()
		parts := func() {
			t.Helper()
			for i := range 20 {
				event := fmt.Sprintf("data: %d\n\n", i)
				chunk := fmt.Sprintf("%x\r\n%s\r\n", len(event), event)
				s.say <- chunk
				got := make([]byte, len(chunk))
				_, err := io.ReadFull(c.in, got)
				require.NoError(t, err)
				require.Equal(t, chunk, string(got))
			}
		}
		parts()
		for range 3 {
			much := longBody(megabyte)
			s.say <- fmt.Sprintf("%x\r\n%s\r\n", len(much), much)
			soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
			sameBody(t, much, c.data(len(much)))
			parts()
			assert.Zero(t, r.kept())
		}
		s.say <- "0\r\n\r\n"
		end := make([]byte, 5)
		_, err := io.ReadFull(c.in, end)
		require.NoError(t, err)
		assert.Equal(t, "0\r\n\r\n", string(end))
		r.idleAgain(u)
	})
}

// data reads n bytes of data from a chunked body, whole chunks.
func (c *client) data(n int) string {
	c.t.Helper()
	var b bytes.Buffer
	for b.Len() < n {
		var size int
		line, err := c.in.ReadString('\n')
		require.NoError(c.t, err)
		_, err = fmt.Sscanf(line, "%x\r\n", &size)
		require.NoError(c.t, err, "%q", line)
		_, err = io.CopyN(&b, c.in, int64(size))
		require.NoError(c.t, err)
		_, err = c.in.Discard(2)
		require.NoError(c.t, err)
	}
	return b.String()
}

// TestAheadTrailers checks that trailers come behind what was kept.
func TestAheadTrailers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := longBody(megabyte)
		r.worker("default", saying(strings.TrimSuffix(chunkedHead+chunksOf(body), "\r\n")+"X: y\r\n\r\n"))
		c := r.reader()
		c.say("GET /much HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\nTE: trailers\r\n\r\n")
		r.inStage(1, StageSending)
		c.head()
		assert.True(t, strings.HasSuffix(c.rest(), "\r\n0\r\nX: y\r\n\r\n"))
	})
}

// TestAheadWorkerDies checks that a client gets what has come of an answer that
// breaks off, and can see that it is not whole.
func TestAheadWorkerDies(t *testing.T) {
	for _, f := range framings[:2] {
		t.Run(f.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				records := new(records)
				r := narrowRig(t, driver, buffered(t, 16*megabyte), func(o *Options) { o.Observer = records })
				body := longBody(megabyte)
				answer := f.frame(body)
				sent := answer[:len(answer)-100]
				u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err == nil {
						io.WriteString(c, sent)
					}
				})
				c := r.reader()
				c.say(http1test.Get("/much"))
				r.idleAgain(u) // although the client has not read it
				head := c.head()
				got, err := io.ReadAll(c.in)
				if f.name == "length" {
					sameBody(t, body[:len(body)-100], string(got))
					assert.NoError(t, err)
				} else {
					assert.False(t, bytes.HasSuffix(got, []byte("0\r\n\r\n")))
					assert.Greater(t, len(got), len(body)-300)
				}
				assert.Contains(t, head, "200 OK")
				soon(t, func() bool { return len(records.all()) == 1 }, "not told")
				assert.True(t, strings.HasSuffix(records.all()[0], " "+string(result.KindCut)), "%q", records.all())
				r.nothingKept()
			})
		})
	}
}

// TestAheadMalformed checks that an answer that turns out to be malformed while it is
// read ahead is cut like any other.
func TestAheadMalformed(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := longBody(megabyte)
		u := r.worker("default", saying(strings.TrimSuffix(chunkedHead+chunksOf(body), "0\r\n\r\n")+"oops\r\n"))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.idleAgain(u)
		c.head()
		got, _ := io.ReadAll(c.in)
		assert.Greater(t, len(got), len(body)/2)
		assert.False(t, bytes.HasSuffix(got, []byte("0\r\n\r\n")))
		r.nothingKept()
	})
}

// TestAheadClientGone checks that what was kept for a client that leaves is given
// back, and that the app is canceled or its slot held as without a buffer.
func TestAheadClientGone(t *testing.T) {
	for _, finish := range []bool{false, true} {
		for _, whole := range []bool{false, true} {
			for how, leave := range leaving {
				name := fmt.Sprintf("finish %v/whole %v/%s", finish, whole, how)
				t.Run(name, func(t *testing.T) {
					eachDriver(t, func(t *testing.T, driver string) {
						p := buffered(t, 16*megabyte)
						p.Groups[0].ClientDisconnect = plan.DisconnectCancel
						if finish {
							p.Groups[0].ClientDisconnect = plan.DisconnectFinish
						}
						r := narrowRig(t, driver, p)
						s := newSlow()
						u := r.worker("default", s.serve)
						c := r.reader()
						c.say(http1test.Get("/much"))
						<-s.began
						answer := framings[0].frame(longBody(megabyte))
						const last = 100
						s.say <- answer[:len(answer)-last]
						soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
						if whole {
							s.say <- answer[len(answer)-last:]
							r.inStage(1, StageSending)
						}
						leave(c)
						r.nothingKept()
						switch {
						case whole:
						case finish:
							other := r.client()
							other.say(http1test.Get("/"))
							soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the slot is free")
							s.say <- answer[len(answer)-last:]
							assert.Contains(t, <-s.began, "GET / ")
							s.say <- hello
							_, hi := other.hear("GET")
							assert.Equal(t, "hello", hi)
						default:
							<-s.gone
						}
						r.idleAgain(u)
						soon(t, func() bool { _, n := r.proxy.InHand(1); return n == 0 }, "still in hand")
					})
				})
			}
		}
	}
}

// TestAheadClientGone_Long checks that the slot is held for an answer that its buffer
// could hold, although the client leaves, but not for a longer one.
func TestAheadClientGone_Long(t *testing.T) {
	for _, size := range []int64{4 * megabyte, 2 * megabyte} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := narrowRig(t, driver, buffered(t, size))
				s := newSlow()
				u := r.worker("default", s.serve)
				c := r.reader()
				c.say(http1test.Get("/much"))
				<-s.began
				answer := framings[0].frame(longBody(4 * megabyte))
				const first = megabyte / 2
				s.say <- answer[:first]
				soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
				leaving["reset"](c)
				r.nothingKept()
				if size < 4*megabyte {
					<-s.gone
				} else {
					other := r.client()
					other.say(http1test.Get("/"))
					soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the slot is free")
					s.say <- answer[first:]
					assert.Contains(t, <-s.began, "GET / ")
					s.say <- hello
					other.hear("GET")
				}
				r.idleAgain(u)
			})
		})
	}
}

// TestAheadStalled checks that a client that takes too little is cut although its
// answer has come whole, and that what was kept is given back.
func TestAheadStalled(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		told := make(chan string, 1)
		r := narrowRig(t, driver, buffered(t, 16*megabyte), stallsSoon, func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) { told <- rec.Reason })
		})
		body := longBody(megabyte)
		u := r.worker("default", saying(f.frame(body)))
		c := r.reader()
		c.say(http1test.Get("/much"))
		assert.Equal(t, "the client took too little of the answer for too long", <-told)
		r.nothingKept()
		r.idleAgain(u)
		n, err := io.Copy(io.Discard, c.in)
		assert.Less(t, n, int64(len(body)))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

// TestAheadOutlivesTheWorker checks that an answer that has come whole reaches its
// client although the worker is gone, and the proxy about to stop.
func TestAheadOutlivesTheWorker(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := longBody(megabyte)
		u := r.worker("default", saying(f.frame(body)))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.inStage(1, StageSending)
		r.pools["default"].Swap(nil, []*pool.Worker{u.worker})
		u.die()
		r.stopping()
		assert.False(t, r.isDrained())
		_, got := c.hear("GET")
		sameBody(t, body, got)
		<-r.proxy.Drained()
		r.nothingKept()
	})
}

// TestAheadAborted checks that the end of the time for a shutdown cuts a client that
// does not take what is kept for it.
func TestAheadAborted(t *testing.T) {
	for _, whole := range []bool{false, true} {
		eachDriver(t, func(t *testing.T, driver string) {
			r := narrowRig(t, driver, buffered(t, 16*megabyte))
			answer := framings[0].frame(longBody(megabyte))
			if !whole {
				answer = answer[:len(answer)-1]
			}
			u := r.worker("default", saying(answer))
			c := r.reader()
			c.say(http1test.Get("/much"))
			if whole {
				r.inStage(1, StageSending)
			} else {
				soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
			}
			r.stopping()
			r.proxy.Abort()
			<-r.proxy.Drained()
			r.nothingKept()
			r.idleAgain(u)
		})
	}
}

// TestAheadLost checks that an answer of which the disk has lost a part is cut, and is
// not taken for one without a worker.
func TestAheadLost(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		d := new(lossyDisk)
		recs := make(chan result.Result, 4)
		r := narrowRig(t, driver, buffered(t, 16*megabyte), onLossyDisk(d), func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
		})
		r.hasDisk()
		u := r.worker("default", saying(framings[0].frame(longBody(megabyte))))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.inStage(1, StageSending)
		d.lost.Store(true)
		assert.Less(t, len(c.rest()), megabyte)
		rec := <-recs
		assert.Equal(t, result.KindCut, rec.Kind)
		assert.Equal(t, "the server has lost a part of the answer", rec.Reason)
		r.nothingKept()
		r.idleAgain(u)
	})
}

// TestAheadAfterReload checks that a reload changes what is kept for a request that
// waits.
func TestAheadAfterReload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 0))
		s := newSlow()
		u := r.worker("default", s.serve)
		first, second := r.client(), r.reader()
		first.say(http1test.Get("/"))
		<-s.began
		second.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		r.plan = buffered(t, 16*megabyte)
		r.publish()
		s.say <- hello
		first.hear("GET")
		<-s.began
		body := longBody(megabyte)
		s.say <- framings[0].frame(body)
		r.inStage(1, StageSending)
		r.idleAgain(u)
		second.open()
		_, got := second.hear("GET")
		sameBody(t, body, got)
		r.nothingKept()
	})
}

// TestAheadPanic checks that a panic while an answer is read ahead costs one
// connection, and frees the slot.
func TestAheadPanic(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		u := r.worker("default", serves)
		for _, loop := range r.proxy.driver.Loops() {
			u.worker.PutIdle(&panickyLater{panicky: panicky{loop: loop}}, 0)
		}
		c := r.reader()
		c.say(http1test.Get("/"))
		_, err := io.Copy(io.Discard, c.in)
		assert.NoError(t, err)
		r.nothingKept()
		r.idleAgain(u)
		_, total := r.proxy.InHand(10)
		assert.Zero(t, total)
	})
}

// TestAheadEndsTheUpload checks that an answer that comes whole before its request
// frees the slot, although neither the client's body nor its reading goes on.
func TestAheadEndsTheUpload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := buffered(t, 16*megabyte)
		p.Groups[0].RequestBuffer.Set = true // none
		r := narrowRig(t, driver, p)
		body := longBody(megabyte)
		answer := framings[0].frame(body)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err == nil {
				io.WriteString(c, answer)
				untilGone(in)
			}
		})
		c := r.reader()
		c.say(http1test.Post("Content-Length: 100000\r\n") + "begun")
		r.inStage(1, StageSending)
		r.idleAgain(u)
		_, got := c.hear("POST")
		sameBody(t, body, got)
		r.nothingKept()
	})
}

// TestAheadMemoryClient checks that a client without a socket holds no slot either.
func TestAheadMemoryClient(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		m := newMemoryRig(t, driver, buffered(t, 16*megabyte))
		body := longBody(megabyte)
		u := m.worker("default", saying(chunkedHead+chunksOf(body)))
		c := m.askWith(t, &memoryHead{method: "GET", target: "/much", fields: [][2]string{{"host", "a"}}}, nil, true, func(c *memoryClient) { c.closed = true })
		m.inStage(1, StageSending)
		m.idleAgain(u)
		c.open()
		end, status, got := c.heard()
		assert.Equal(t, Answered, end)
		assert.Equal(t, 200, status)
		sameBody(t, body, got)
		m.nothingKept()

		c = m.askWith(t, &memoryHead{method: "GET", target: "/much", fields: [][2]string{{"host", "a"}}}, nil, true, func(c *memoryClient) { c.closed = true })
		m.inStage(1, StageSending)
		c.leave()
		end, _, _ = c.heard()
		assert.Equal(t, Cut, end)
		m.nothingKept()
	})
}

// panickyLater is a worker's connection with an endless answer. It panics when another
// task than the first one reads it.
type panickyLater struct {
	panicky
	first netloop.Task
}

func (p *panickyLater) Alive() bool                                    { return true }
func (p *panickyLater) Close() error                                   { return nil }
func (p *panickyLater) WaitReadable(netloop.Task, time.Duration) error { return nil }

func (p *panickyLater) Write(_ netloop.Task, a, b []byte, _ time.Duration) (int, error) {
	return len(a) + len(b), nil
}

func (p *panickyLater) Read(t netloop.Task, b []byte, _ time.Duration) (int, error) {
	switch {
	case p.first == nil:
		p.first = t
		return copy(b, endlessHead), nil
	case p.first != t:
		panic("as a bug would")
	}
	return len(b), nil
}

// TestAheadAtRandom lets clients and workers be fast and slow at random, with buffers
// that are now and then full, and checks that every answer arrives as it was made.
func TestAheadAtRandom(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		p := buffered(t, 300<<10)
		p.Groups[0].MaxReqPerWorker = 3
		p.BufferMemory, p.BufferLimit = 512<<10, megabyte
		r := narrowRig(t, driver, p)
		body := longBody(megabyte)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil {
					return
				}
				var size int
				fmt.Sscanf(head, "GET /%d ", &size)
				answer := f.frame(body[:size])
				for len(answer) > 0 {
					n := min(len(answer), 1+rand.IntN(1<<rand.IntN(18)))
					if _, err := io.WriteString(c, answer[:n]); err != nil {
						return
					}
					answer = answer[n:]
				}
				if f.name == "until close" {
					return
				}
			}
		})
		var wg sync.WaitGroup
		for range 6 {
			c := r.reader()
			wg.Go(func() {
				for range 4 {
					size := 1 + rand.IntN(1<<(8+rand.IntN(12)))
					_, err := fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", size)
					if err != nil || !assert.NoError(t, c.getsAtRandom(body[:size])) {
						return
					}
					if f.name == "until close" {
						return
					}
				}
			})
		}
		wg.Wait()
		r.idleAgain(u)
		r.nothingKept()
	})
}

// getsAtRandom reads an answer, fast and slowly at random, and compares its body.
func (c *client) getsAtRandom(want string) error {
	head, err := readHead(c.in)
	if err != nil {
		return err
	}
	var body io.Reader = c.in
	switch {
	case strings.Contains(head, "Transfer-Encoding"):
		body = httputil.NewChunkedReader(c.in)
	case strings.Contains(head, "Content-Length"):
		body = io.LimitReader(c.in, int64(lengthOf(head)))
	}
	got, err := io.ReadAll(slowReader{body})
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("got %d bytes of %d", len(got), len(want))
	}
	if strings.Contains(head, "Transfer-Encoding") {
		_, err = readHead(c.in) // the line behind the last chunk
	}
	return err
}

// A slowReader lets others run between two reads.
type slowReader struct{ io.Reader }

func (s slowReader) Read(p []byte) (int, error) {
	for range rand.IntN(1 << rand.IntN(8)) {
		runtime.Gosched()
	}
	return s.Reader.Read(p[:min(len(p), 1+rand.IntN(1<<15))])
}
