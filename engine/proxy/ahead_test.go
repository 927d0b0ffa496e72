package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
)

// TestAheadFreesTheSlot checks that clients that read nothing hold no slot, and get
// everything once they read.
func TestAheadFreesTheSlot(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		const readers = 20
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := bodyText(megabyte / 2)
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
		r.emptyAgain()
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
			eachFraming(t, func(t *testing.T, driver string, f framing) {
				r := narrowRig(t, driver, buffered(t, c.buffer))
				body := bodyText(size)
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
				r.emptyAgain()
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
				body := bodyText(megabyte / 2)
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
				r.emptyAgain()
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
			much := bodyText(megabyte)
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

// TestAheadTrailers checks that trailers come behind what was kept.
func TestAheadTrailers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := narrowRig(t, driver, buffered(t, 16*megabyte))
		body := bodyText(megabyte)
		r.worker("default", saying(strings.TrimSuffix(chunkedHead+chunksOf(body), "\r\n")+"X: y\r\n\r\n"))
		c := r.reader()
		c.say("GET /much HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\nTE: trailers\r\n\r\n")
		r.inStage(1, StageSending)
		c.head()
		assert.True(t, strings.HasSuffix(c.rest(), "\r\n0\r\nX: y\r\n\r\n"))
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
		body := bodyText(megabyte)
		s.say <- framings[0].frame(body)
		r.inStage(1, StageSending)
		r.idleAgain(u)
		second.open()
		_, got := second.hear("GET")
		sameBody(t, body, got)
		r.emptyAgain()
	})
}

// TestAheadMemoryClient checks that a client without a socket holds no slot either.
func TestAheadMemoryClient(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		m := newMemoryRig(t, driver, buffered(t, 16*megabyte))
		body := bodyText(megabyte)
		u := m.worker("default", saying(chunkedHead+chunksOf(body)))
		c := m.askWith(t, &memoryHead{method: "GET", target: "/much", fields: [][2]string{{"host", "a"}}}, nil, true, func(c *memoryClient) { c.closed = true })
		m.inStage(1, StageSending)
		m.idleAgain(u)
		c.open()
		end, status, got := c.heard()
		assert.Equal(t, Answered, end)
		assert.Equal(t, 200, status)
		sameBody(t, body, got)
		m.emptyAgain()

		c = m.askWith(t, &memoryHead{method: "GET", target: "/much", fields: [][2]string{{"host", "a"}}}, nil, true, func(c *memoryClient) { c.closed = true })
		m.inStage(1, StageSending)
		c.leave()
		end, _, _ = c.heard()
		assert.Equal(t, Cut, end)
		m.emptyAgain()
	})
}
