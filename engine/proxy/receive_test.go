package proxy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// bodyForms are a request with a body of which first comes with the head, and then
// next. It reaches the worker with the line framing.
var bodyForms = []struct{ name, head, first, next, body, framing string }{
	{"length", http1test.Post("Content-Length: 6\r\n"), "", "abcdef", "abcdef", "Content-Length: 6\r\n"},
	{"length, begun", http1test.Post("Content-Length: 6\r\n"), "ab", "cdef", "abcdef", "Content-Length: 6\r\n"},
	{"chunked", http1test.Post("Transfer-Encoding: chunked\r\n"), "", "6;x=y\r\nabcdef\r\n0\r\nA: b\r\n\r\n", "abcdef", "Transfer-Encoding: chunked\r\n"},
	{"chunked, begun", http1test.Post("Transfer-Encoding: chunked\r\n"), "2\r\nab\r\n4\r", "\ncdef\r\n0\r\n\r\n", "abcdef", "Transfer-Encoding: chunked\r\n"},
	{"chunked, empty", http1test.Post("Transfer-Encoding: chunked\r\n"), "", "0\r\n\r\n", "", "Transfer-Encoding: chunked\r\n"},
	{"large", http1test.Post("Content-Length: 50000\r\n"), "", bodyText(50000), bodyText(50000), "Content-Length: 50000\r\n"},
	{"large, begun", http1test.Post("Content-Length: 50000\r\n"), bodyText(50000)[:100], bodyText(50000)[100:], bodyText(50000), "Content-Length: 50000\r\n"},
	{"large, chunked", http1test.Post("Transfer-Encoding: chunked\r\n"), "", "c350\r\n" + bodyText(50000) + "\r\n0\r\n\r\n", bodyText(50000), "Transfer-Encoding: chunked\r\n"},
}

// TestReceive checks that a request whose body is still to come has no slot and no
// place in the queue, and that the worker gets its body whole.
func TestReceive(t *testing.T) {
	for _, f := range bodyForms {
		t.Run(f.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				recs := make(chan result.Result, 4)
				r := newRig(t, driver, takesIn(t, 1<<20), func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
				})
				got := make(chan [2]string, 4)
				u := r.worker("default", keeping(got))
				slow, other := r.client(), r.client()
				slow.say(f.head + f.first)
				r.inStage(1, StageReceiving)
				other.say(http1test.Get("/"))
				_, body := other.hear("GET")
				assert.Equal(t, "hello", body)
				<-got
				<-recs
				requests, _ := u.worker.InFlight()
				assert.Zero(t, requests)
				assert.Zero(t, r.pools["default"].Queued())
				slow.say(f.next + http1test.Get("/next"))
				_, body = slow.hear("POST")
				assert.Equal(t, "hello", body)
				had := <-got
				assert.Contains(t, had[0], "\r\n"+f.framing)
				assert.True(t, f.body == had[1], "%.100q", had[1])
				_, body = slow.hear("GET")
				assert.Equal(t, "hello", body, "the next request on the connection")
				rec := <-recs
				assert.Positive(t, rec.Receiving)
				assert.Zero(t, rec.Queued)
				assert.GreaterOrEqual(t, rec.Took, rec.Receiving)
				r.emptyAgain()
				r.idleAgain(u)
			})
		})
	}
}

// TestReceive_Beyond checks that a body larger than request_buffer, or than there is
// room for, streams from there on.
func TestReceive_Beyond(t *testing.T) {
	for name, c := range map[string]struct {
		size, memory int64
		first        int // bytes after which the request asks for a slot
	}{
		"request_buffer": {4, 16 << 20, 4},
		"none":           {0, 16 << 20, 0},
		"beyond share":   {1 << 20, 128 << 10, buffer.InMemory},
		"no memory":      {1 << 20, 0, 0},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", chunked ", chunked), func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					p := takesIn(t, c.size)
					p.BufferMemory = c.memory
					r := newRig(t, driver, p)
					text := bodyText(200_000)
					got := make(chan [2]string, 1)
					u := r.worker("default", keeping(got))
					cl := r.client()
					if chunked {
						cl.say(http1test.Post("Transfer-Encoding: chunked\r\n") + "30d40\r\n")
					} else {
						cl.say(http1test.Post("Content-Length: 200000\r\n"))
					}
					if c.first > 0 {
						r.inStage(1, StageReceiving)
						cl.say(text[:c.first-1])
						assert.Zero(t, u.heads())
						cl.say(text[c.first-1 : c.first])
					}
					soon(t, func() bool { return u.heads() == 1 }, "it does not stream")
					rest := text[c.first:]
					if chunked {
						rest += "\r\n0\r\n\r\n"
					}
					cl.say(rest)
					_, body := cl.hear("POST")
					assert.Equal(t, "hello", body)
					assert.True(t, text == (<-got)[1])
					r.emptyAgain()
					r.idleAgain(u)
				})
			})
		}
	}
}

// TestReceive_Expect checks that a client that waits for it is asked for the body
// before there is a slot, but not if there is no room in the queue.
func TestReceive_Expect(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := takesIn(t, 1<<20)
		p.Groups[0].QueueLimit = 1
		r := newRig(t, driver, p)
		s := newSlow()
		r.worker("default", s.serve)
		busy, asked, waits, late := r.client(), r.client(), r.client(), r.client()
		busy.say(http1test.Get("/busy"))
		<-s.began
		const expect = "Expect: 100-continue\r\nContent-Length: 3\r\n"
		asked.say(http1test.Post(expect))
		require.Equal(t, goOnText, asked.head())
		waits.say(http1test.Get("/waits"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		late.say(http1test.Post(expect))
		head, _ := late.hear("POST")
		assert.Contains(t, head, "HTTP/1.1 503 ", "no 100 before it")
		asked.say("abc")
		head, _ = asked.hear("POST")
		assert.Contains(t, head, "HTTP/1.1 503 ", "the place in the queue is decided once the body is there")
		s.say <- hello
		<-s.began
		s.say <- hello
		waits.hear("GET")
		r.emptyAgain()
	})
}

// TestReceive_NotWhole checks that a request whose body does not come whole never
// reaches a worker.
func TestReceive_NotWhole(t *testing.T) {
	length, chunked := http1test.Post("Content-Length: 600\r\n"), http1test.Post("Transfer-Encoding: chunked\r\n")
	for name, c := range map[string]struct {
		in, more string
		leave    func(*client)
		status   int
		kind     result.Kind
	}{
		"ends":             {length, "abc", func(c *client) { _ = c.CloseWrite() }, 400, result.KindBody},
		"ends, chunked":    {chunked, "3\r\nabc\r\n", func(c *client) { _ = c.CloseWrite() }, 400, result.KindBody},
		"resets":           {length, "abc", func(c *client) { _ = c.SetLinger(0); c.Close() }, 499, result.KindGone},
		"resets, chunked":  {chunked, "3\r\nabc\r\n", func(c *client) { _ = c.SetLinger(0); c.Close() }, 499, result.KindGone},
		"is slow":          {length, "abc", func(*client) {}, 408, result.KindBody},
		"is slow, chunked": {chunked, "3\r\nabc", func(*client) {}, 408, result.KindBody},
		"is broken":        {chunked, "3\r\nabc\r\n", func(c *client) { c.say("x") }, 400, result.KindBody},
		"is too large":     {chunked, "3\r\nabc\r\n", func(c *client) { c.say("fff\r\n" + bodyText(1001)) }, 413, result.KindBody},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := takesIn(t, 1<<20)
				p.MaxBodySize = 1000
				recs := make(chan result.Result, 4)
				r := newRig(t, driver, p, func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
					if strings.HasPrefix(name, "is slow") {
						o.Stall = shortStall
					}
				})
				u := r.worker("default", serves)
				cl := r.client()
				cl.say(c.in)
				r.inStage(1, StageReceiving)
				cl.say(c.more)
				soon(t, func() bool { return r.proxy.buffers.Stats().Memory > 0 }, "nothing is kept")
				c.leave(cl)
				rec := <-recs
				assert.Equal(t, c.kind, rec.Kind)
				assert.Equal(t, c.status, rec.Status)
				assert.Equal(t, -1, rec.Worker)
				if c.kind != result.KindGone {
					assertRefused(t, cl.rest(), c.status, name)
				}
				assert.Zero(t, u.heads())
				r.emptyAgain()
			})
		})
	}
}

// TestReceive_GoneWhileQueued checks that a request whose body is at hand leaves the
// queue with its client.
func TestReceive_GoneWhileQueued(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, takesIn(t, 1<<20))
		s := newSlow()
		u := r.worker("default", s.serve)
		busy, leaves := r.client(), r.client()
		busy.say(http1test.Get("/"))
		<-s.began
		leaves.say(http1test.Post("Content-Length: 3\r\n"))
		r.inStage(1, StageReceiving)
		leaves.say("abc")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		leaves.Close()
		soon(t, func() bool { return r.pools["default"].Queued() == 0 }, "still queued")
		r.emptyAgain()
		s.say <- hello
		busy.hear("GET")
		assert.Equal(t, 1, u.heads())
	})
}

// TestReceive_Repeats checks which requests go to another worker, with the whole
// body, after the first one has died with it.
func TestReceive_Repeats(t *testing.T) {
	for _, f := range bodyForms {
		for _, method := range []string{"PUT", "DELETE", "POST"} {
			t.Run(method+" "+f.name, func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					r := newRig(t, driver, takesIn(t, 1<<20))
					first := r.worker("default", reads)
					got := make(chan [2]string, 1)
					second := r.worker("default", keeping(got))
					cl := r.client()
					cl.say(strings.Replace(f.head, "POST", method, 1) + f.first)
					r.inStage(1, StageReceiving)
					cl.say(f.next)
					head, _ := cl.hear(method)
					assert.Equal(t, 1, first.heads())
					if method == "POST" {
						assert.Contains(t, head, " 502 ")
						assert.Zero(t, second.heads())
					} else {
						assert.Contains(t, head, " 200 ")
						had := <-got
						assert.Contains(t, had[0], "\r\n"+f.framing)
						assert.True(t, f.body == had[1], "%.100q", had[1])
					}
					r.emptyAgain()
					r.idleAgain(first, second)
				})
			})
		}
	}
}

// TestReceive_NoRepeat checks that a request is not repeated if a part of its body
// is not at hand any more.
func TestReceive_NoRepeat(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, takesIn(t, 30_000))
		first := r.worker("default", reads)
		second := r.worker("default", serves)
		cl := r.client()
		cl.say("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
		r.inStage(1, StageReceiving)
		cl.say(bodyText(60_000))
		head, _ := cl.hear("PUT")
		assert.Contains(t, head, " 502 ")
		assert.Equal(t, 1, first.heads())
		assert.Zero(t, second.heads())
		r.emptyAgain()
	})
}

// TestReceive_EarlyAnswer checks that a worker may answer before it has read what
// was taken in.
func TestReceive_EarlyAnswer(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, takesIn(t, 16<<20))
		p := *r.plan
		p.BufferMemory = 64 << 20
		r.plan = &p
		r.publish()
		u := r.worker("default", says("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"))
		cl := r.client()
		cl.say(http1test.Post("Content-Length: 60000\r\n"))
		r.inStage(1, StageReceiving)
		cl.say(bodyText(60_000))
		head, body := cl.hear("POST")
		assert.Contains(t, head, " 413 ")
		assert.Equal(t, "no", body)
		cl.say(http1test.Get("/"))
		cl.hear("GET")
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestReceive_GroupRemoved checks that a request whose group a reload removes while
// its body comes is decided by the new plan, and that its body stays accepted.
func TestReceive_GroupRemoved(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, takesIn(t, 1<<20))
		r.worker("default", serves)
		cl := r.client()
		cl.say(http1test.Post("Content-Length: 6\r\n"))
		r.inStage(1, StageReceiving)
		cl.say("abc")
		next := planOf(t, map[string]string{"next": "*"})
		next.MaxBodySize = 5
		old := r.pools["default"]
		r.plan, r.pools = next, map[string]*pool.Pool{"next": pool.New(next.Groups[0])}
		got := make(chan [2]string, 1)
		r.worker("next", keeping(got))
		r.publish()
		old.Close()
		cl.say("def")
		_, body := cl.hear("POST")
		assert.Equal(t, "hello", body)
		assert.Equal(t, "abcdef", (<-got)[1])
		r.emptyAgain()
	})
}

// TestReceive_Shutdown checks that a body that is still coming is awaited at a
// shutdown, but not for ever.
func TestReceive_Shutdown(t *testing.T) {
	for _, ends := range []bool{true, false} {
		t.Run(fmt.Sprint("ends ", ends), func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, takesIn(t, 1<<20))
				r.worker("default", serves)
				cl := r.client()
				cl.say(http1test.Post("Content-Length: 6\r\n"))
				r.inStage(1, StageReceiving)
				cl.say("abc")
				r.stopping()
				if ends {
					cl.say("def")
					head, body := cl.hear("POST")
					assert.Contains(t, head, "Connection: close")
					assert.Equal(t, "hello", body)
				} else {
					r.proxy.Abort()
					assertRefused(t, cl.rest(), 503, "stopping")
				}
				r.emptyAgain()
			})
		})
	}
}

// TestReceive_Memory checks the same for a client that is not a socket.
func TestReceive_Memory(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newMemoryRig(t, driver, takesIn(t, 1<<20))
		got := make(chan [2]string, 1)
		u := r.worker("default", keeping(got))
		post := &memoryHead{method: "POST", target: "/", fields: [][2]string{{"host", "a"}}, streamed: true}
		c := r.ask(t, post, []byte("ab"), false)
		c.until(func() bool { return c.asked })
		r.inStage(1, StageReceiving)
		c.say("cd", false)
		assert.Zero(t, u.heads())
		c.say("ef", true)
		_, status, body := c.heard()
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello", body)
		assert.Equal(t, "abcdef", (<-got)[1])

		c = r.ask(t, post, []byte("ab"), false)
		r.inStage(1, StageReceiving)
		c.leave()
		end, _, _ := c.heard()
		assert.Equal(t, Cut, end)
		assert.Equal(t, 1, u.heads())
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestReceiveAllocatesNothing checks that a small body that comes after its head
// costs no allocations.
func TestReceiveAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	for _, driver := range netloop.Drivers() {
		if driver == "goroutine" {
			continue
		}
		t.Run(driver, func(t *testing.T) {
			r := newRig(t, driver, takesIn(t, 1<<20))
			head := []byte(http1test.Post("Content-Length: 5\r\n"))
			r.worker("default", parrot(string(head)+"hello", hello))
			c := newCrowd(r, 1, "hello", "hello")
			ask := func() {
				_, err := c.conns[0].Write(head)
				require.NoError(t, err)
				for _, n := r.inHand(0); n == 0; _, n = r.inHand(0) {
					runtime.Gosched() // the body must not come with the head
				}
				c.ask(t)
			}
			for range 20 {
				ask()
			}
			require.Less(t, testing.AllocsPerRun(500, ask), 0.5)
		})
	}
}
