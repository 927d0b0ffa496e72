package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestAheadWorkerDies checks that a client gets what has come of an answer that
// breaks off, and can see that it is not whole.
func TestAheadWorkerDies(t *testing.T) {
	for _, f := range framings[:2] {
		t.Run(f.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				records := new(records)
				r := narrowRig(t, driver, buffered(t, 16*megabyte), func(o *Options) { o.Observer = records })
				body := bodyText(megabyte)
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
				r.emptyAgain()
			})
		})
	}
}

// TestAheadMalformed checks that an answer that turns out to be malformed while it is
// read ahead is cut like any other.
func TestAheadMalformed(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := bodyText(megabyte)
		u := r.worker("default", saying(strings.TrimSuffix(chunkedHead+chunksOf(body), "0\r\n\r\n")+"oops\r\n"))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.idleAgain(u)
		c.head()
		got, _ := io.ReadAll(c.in)
		assert.Greater(t, len(got), len(body)/2)
		assert.False(t, bytes.HasSuffix(got, []byte("0\r\n\r\n")))
		r.emptyAgain()
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
						answer := framings[0].frame(bodyText(megabyte))
						const last = 100
						s.say <- answer[:len(answer)-last]
						soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
						if whole {
							s.say <- answer[len(answer)-last:]
							r.inStage(1, StageSending)
						}
						leave(c)
						r.emptyAgain()
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
						soon(t, func() bool { _, n := r.inHand(1); return n == 0 }, "still in hand")
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
				answer := framings[0].frame(bodyText(4 * megabyte))
				const first = megabyte / 2
				s.say <- answer[:first]
				soon(t, func() bool { return r.kept() > 0 }, "nothing is kept")
				leaving["reset"](c)
				r.emptyAgain()
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
		body := bodyText(megabyte)
		u := r.worker("default", saying(f.frame(body)))
		c := r.reader()
		c.say(http1test.Get("/much"))
		assert.Equal(t, "the client took too little of the answer for too long", <-told)
		r.emptyAgain()
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
		body := bodyText(megabyte)
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
		r.emptyAgain()
	})
}

// TestAheadAborted checks that the end of the time for a shutdown cuts a client that
// does not take what is kept for it.
func TestAheadAborted(t *testing.T) {
	for _, whole := range []bool{false, true} {
		eachDriver(t, func(t *testing.T, driver string) {
			r := narrowRig(t, driver, buffered(t, 16*megabyte))
			answer := framings[0].frame(bodyText(megabyte))
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
			r.emptyAgain()
			r.idleAgain(u)
		})
	}
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
		r.emptyAgain()
		r.idleAgain(u)
		_, total := r.inHand(10)
		assert.Zero(t, total)
	})
}

// panickyLater is a worker's connection with an endless answer. It panics when another
// task than the first one reads it.
type panickyLater struct {
	panicky
	first netloop.Task
}

func (p *panickyLater) Alive() bool { return true }

func (p *panickyLater) Close() error { return nil }

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

// TestAheadEndsTheUpload checks that an answer that comes whole before its request
// frees the slot, although neither the client's body nor its reading goes on.
func TestAheadEndsTheUpload(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := buffered(t, 16*megabyte)
		p.Groups[0].RequestBuffer.Set = true // none
		r := narrowRig(t, driver, p)
		body := bodyText(megabyte)
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
		r.emptyAgain()
	})
}
