package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// capped returns a plan with one group and the given number of slots per
// worker.
func capped(t testing.TB, slots int) *plan.Plan {
	p := planOf(t, map[string]string{"default": "*"})
	p.Groups[0].MaxReqPerWorker = slots
	return p
}

// A slow worker reports each request to the test, answers when told to, and
// reports the end of its connection.
type slow struct {
	began chan string
	say   chan string
	gone  chan bool
}

// quit tells a slow worker to close the connection.
const quit = "quit"

func newSlow() *slow {
	return &slow{began: make(chan string, 16), say: make(chan string, 16), gone: make(chan bool, 16)}
}

func (s *slow) serve(c net.Conn, in *bufio.Reader) {
	over := make(chan bool)
	heads := make(chan string)
	go func() {
		defer close(over)
		for {
			head, err := readHead(in)
			if err != nil {
				return
			}
			heads <- head
		}
	}()
	for {
		select {
		case <-over:
			s.gone <- true
			return
		case head := <-heads:
			s.began <- head
		case answer := <-s.say:
			if answer == quit {
				return
			}
			io.WriteString(c, answer)
		}
	}
}

// leaving holds the ways in which clients go away.
var leaving = map[string]func(*client){
	"close": func(c *client) { c.Close() },
	"reset": func(c *client) { c.SetLinger(0); c.Close() },
}

// Heads of answers whose whole body is still to come.
const (
	lengthHead  = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"
	largeHead   = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
	chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
	endlessHead = "HTTP/1.1 200 OK\r\n\r\n"
	get10       = "GET / HTTP/1.0\r\n\r\n"
)

// TestClientGone checks that, without a cap, the worker's connection is closed
// so that the app gets a disconnect, whatever state the request is in.
func TestClientGone(t *testing.T) {
	for name, c := range map[string]struct{ in, said string }{
		"before an answer":   {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		"HTTP/1.0":           {"GET / HTTP/1.0\r\n\r\n", ""},
		"after 103":          {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 103 Early\r\n\r\n"},
		"in a chunked one":   {http1test.Get("/"), chunkedHead + "1\r\na\r\n"},
		"in one of a length": {http1test.Get("/"), lengthHead + "a"},
		"in a large one":     {http1test.Get("/"), largeHead + "a"},
		"in one without":     {http1test.Get("/"), endlessHead + "a"},
		"in one to HTTP/1.0": {get10, lengthHead + "a"},
		"chunked, HTTP/1.0":  {get10, chunkedHead + "1\r\na\r\n"},
		"after its upload":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", lengthHead + "a"},
		"behind an upload":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", ""},
		"while it asked for": {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", ""},
	} {
		for how, leave := range leaving {
			t.Run(name+"/"+how, func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					t.Parallel()
					r := newRig(t, driver, nil)
					s := newSlow()
					u := r.worker("default", s.serve)
					cl := r.client()
					cl.say(c.in)
					<-s.began
					if strings.Contains(c.in, "Expect") {
						cl.head()
					}
					if c.said != "" {
						s.say <- c.said
						cl.head()
						if strings.HasSuffix(strings.TrimSpace(c.said), "a") {
							_, err := cl.in.ReadString('a')
							require.NoError(t, err)
						}
					}
					leave(cl)
					<-s.gone
					r.idleAgain(u)
				})
			})
		}
	}
}

// TestClientGoneWithCap checks that, with a cap, the slot is held until the
// answer has come, and no other request takes it before that.
func TestClientGoneWithCap(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, capped(t, 1))
				s := newSlow()
				u := r.worker("default", s.serve)
				c := r.client()
				c.say(http1test.Get("/"))
				<-s.began
				leave(c)
				next := r.client()
				next.say(http1test.Get("/next"))
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
				// This gives a sweep time to notice the lost client: the same sweep
				// notices that a queued client leaves.
				third := r.client()
				third.say(http1test.Get("/third"))
				soon(t, func() bool { return r.pools["default"].Queued() == 2 }, "queued")
				leave(third)
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the third left the queue")
				assert.Equal(t, 1, u.heads(), "the slot is held")
				s.say <- hello
				assert.Contains(t, <-s.began, "/next")
				s.say <- hello
				_, body := next.hear("GET")
				assert.Equal(t, "hello", body)
				r.idleAgain(u)
				assert.NotContains(t, strings.Join(u.received(), ""), "/third", "the request never reaches a worker")
			})
		})
	}
}

// TestLeftWhileWorking checks that, with a cap, a client that leaves while the
// app finishes its request is in the record, and that its request goes to no
// other worker.
func TestLeftWhileWorking(t *testing.T) {
	for how, leave := range leaving {
		for said, again := range map[string]bool{hello: false, "HTTP/1.1 103 Early\r\n\r\n" + hello: false, lengthHead: true, quit: true} {
			t.Run(fmt.Sprintf("%s/%.20q", how, said), func(t *testing.T) {
				eachDriver(t, func(t *testing.T, driver string) {
					t.Parallel()
					recs := make(chan result.Result, 16)
					r := newRig(t, driver, capped(t, 1), func(o *Options) { o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec }) })
					s := newSlow()
					u := r.worker("default", s.serve)
					cl := r.client()
					cl.say(http1test.Get("/"))
					<-s.began
					leave(cl)
					outlast(r, s)
					for range 2 {
						<-recs // of those that have left the queue
					}
					s.say <- said
					if again {
						s.say <- quit
					}
					rec := <-recs
					assert.Equal(t, result.KindGone, rec.Kind)
					assert.Equal(t, result.StatusGone, rec.Status)
					assert.Zero(t, rec.Worker)
					assert.Equal(t, 1, u.heads())
				})
			})
		}
	}
}

// TestAnswerForNobody checks that, with a cap, an answer to a client that is
// gone is read to its end if that is near, and otherwise cut.
func TestAnswerForNobody(t *testing.T) {
	for _, c := range []struct {
		name, head string
		sent, rest int // bytes before the client leaves, and after it
		read       bool
	}{
		{"near its end", "content-length: 600000\r\n", 300000, 300000, true},
		{"far from its end", "content-length: 100000000\r\n", 300000, 99700000, false},
		{"without length", "transfer-encoding: chunked\r\n", 1, 1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, capped(t, 1))
				left, wrote := make(chan bool), make(chan error, 1)
				u := r.worker("default", func(conn net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err != nil {
						return
					}
					io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+c.head+"\r\n")
					write := func(n int) error {
						if !strings.HasPrefix(c.head, "tr") {
							_, err := io.CopyN(conn, zeros{}, int64(n))
							return err
						}
						var err error
						for range n {
							if _, err = io.WriteString(conn, "1\r\na\r\n"); err != nil {
								return err
							}
						}
						untilGone(in)
						_, err = io.WriteString(conn, "1\r\na\r\n")
						return err
					}
					if strings.HasPrefix(c.head, "tr") {
						io.WriteString(conn, "1\r\na\r\n")
					} else {
						write(c.sent)
					}
					<-left
					wrote <- write(c.rest)
					untilGone(in)
				})
				cl := r.client()
				cl.say(http1test.Get("/"))
				cl.head()
				cl.read(c.sent)
				cl.SetLinger(0)
				cl.Close()
				left <- true
				if c.read {
					assert.NoError(t, <-wrote, "read to its end")
				} else {
					assert.Error(t, <-wrote, "cut")
				}
				r.idleAgain(u)
			})
		})
	}
}

// TestHalfClose checks that a client that has only ended its own stream waits
// for its answer, and gets only that, however long it takes.
func TestHalfClose(t *testing.T) {
	const get, get10 = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"
	for _, c := range []struct{ name, in, answer, want string }{
		{"plain", get, hello, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{"HTTP/1.0", get10, hello, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{"103", get, "HTTP/1.1 103 Early\r\n\r\n" + hello, "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{"malformed", get, "nonsense\r\n", "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 79\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n" +
			"502 Bad Gateway: the worker's answer is malformed\nrequest id: ID\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, slots := range []int{0, 1} {
				eachDriver(t, func(t *testing.T, driver string) {
					r := newRig(t, driver, capped(t, slots))
					s := newSlow()
					r.worker("default", s.serve)
					cl := r.client()
					cl.say(c.in)
					<-s.began
					require.NoError(t, cl.CloseWrite())
					outlast(r, s)
					s.say <- c.answer
					assert.Equal(t, c.want, plain(cl.rest()))
				})
			}
		})
	}
}

// outlast waits until a watch of clients has had time to find one gone.
func outlast(r *rig, s *slow) {
	if r.plan.Groups[0].MaxReqPerWorker > 0 {
		for range 2 { // what has found the second one gone has looked after all others since the first
			c := r.client()
			c.say(http1test.Get("/gone"))
			soon(r.t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
			c.Close()
			soon(r.t, func() bool { return r.pools["default"].Queued() == 0 }, "left the queue")
		}
		return
	}
	c := r.client()
	c.say(http1test.Get("/gone"))
	<-s.began
	c.Close()
	<-s.gone
}

// TestHalfCloseInAnswer checks the same during a chunked answer with pauses.
func TestHalfCloseInAnswer(t *testing.T) {
	for _, c := range []struct{ name, in, first, then, want string }{
		{"chunked", http1test.Get("/"), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "3\r\ndef\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabcdef"},
		{"the last chunk", http1test.Get("/"), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, nil)
				s := newSlow()
				r.worker("default", s.serve)
				cl := r.client()
				cl.say(c.in)
				<-s.began
				s.say <- c.first
				_, err := cl.in.Peek(len("HTTP/1.1 200 OK\r\n"))
				require.NoError(t, err)
				require.NoError(t, cl.CloseWrite())
				outlast(r, s)
				s.say <- c.then
				head, body := cl.hear("GET")
				assert.Equal(t, c.want, head+body)
			})
		})
	}
}

// inAnswer holds answers in which only the body can be sent to the client.
var inAnswer = []struct{ name, in, first, then, want string }{
	{"length", http1test.Get("/"), lengthHead + "abc", "def", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"},
	{"no length", http1test.Get("/"), endlessHead + "abc", "", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"},
	{"HTTP/1.0", get10, lengthHead + "abc", "def", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabcdef"},
	{"HTTP/1.0, chunked", get10, chunkedHead + "3\r\nabc\r\n", "3\r\ndef\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef"},
}

// TestEndInAnswer checks that a client that ends its stream during such an
// answer counts as gone, and that it cannot mistake the answer for a complete
// one.
func TestEndInAnswer(t *testing.T) {
	for _, c := range inAnswer {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				t.Parallel()
				r := newRig(t, driver, nil)
				s := newSlow()
				u := r.worker("default", s.serve)
				cl := r.client()
				cl.say(c.in)
				<-s.began
				s.say <- c.first
				cl.head()
				_, err := cl.in.ReadString('c')
				require.NoError(t, err)
				require.NoError(t, cl.CloseWrite())
				<-s.gone
				r.idleAgain(u)
				rest, err := io.ReadAll(cl.in)
				if strings.Contains(c.want, "Content-Length") {
					assert.NotContains(t, string(rest), "def", "the answer is shorter than its length")
				} else {
					assert.Error(t, err, "the end of the stream would end the answer")
				}
			})
		})
	}
}

// TestEndInDrippingAnswer checks the same for an answer that drips, so that the
// proxy never waits long for more of it.
func TestEndInDrippingAnswer(t *testing.T) {
	for name, head := range map[string]string{
		"length":       "HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n",
		"large length": largeHead,
		"no length":    endlessHead,
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				t.Parallel()
				r := newRig(t, driver, nil)
				s := newSlow()
				u := r.worker("default", s.serve)
				cl := r.client()
				cl.say(http1test.Get("/"))
				<-s.began
				s.say <- head + "abc"
				cl.head()
				_, err := cl.in.ReadString('c')
				require.NoError(t, err)
				require.NoError(t, cl.CloseWrite())
				drip := time.NewTicker(20 * time.Millisecond)
				defer drip.Stop()
				limit := time.After(patience)
				for gone := false; !gone; {
					select {
					case <-drip.C:
						select {
						case s.say <- "x":
						default: // it has enough requests
						}
					case gone = <-s.gone:
					case <-limit:
						require.Fail(t, "the worker still answers")
					}
				}
				r.idleAgain(u)
			})
		})
	}
}

// TestHalfCloseBeforeAnswer checks that a client that has ended its stream
// before such an answer began gets all of it, including the pauses.
func TestHalfCloseBeforeAnswer(t *testing.T) {
	for _, c := range inAnswer {
		t.Run(c.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				t.Parallel()
				r := newRig(t, driver, nil)
				s := newSlow()
				r.worker("default", s.serve)
				cl := r.client()
				cl.say(c.in)
				<-s.began
				require.NoError(t, cl.CloseWrite())
				s.say <- c.first
				_, err := cl.in.Peek(len("HTTP/1.1 200 OK\r\n"))
				require.NoError(t, err)
				outlast(r, s)
				if c.then == "" {
					s.say <- quit
				} else {
					s.say <- c.then
				}
				assert.Equal(t, c.want, cl.rest())
			})
		})
	}
}

// TestQueueOrder checks that requests that wait for a slot are served in the
// order in which they came.
func TestQueueOrder(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		s := newSlow()
		r.worker("default", s.serve)
		var waiting []*client
		for i := range 10 {
			c := r.client()
			c.say(http1test.Get(fmt.Sprintf("/%d", i)))
			soon(t, func() bool { return r.pools["default"].Queued() == i }, "queued")
			waiting = append(waiting, c)
			if i == 0 {
				soon(t, func() bool { return len(s.began) == 1 }, "the first is served")
			}
		}
		for i, c := range waiting {
			assert.Contains(t, <-s.began, fmt.Sprintf("GET /%d ", i))
			s.say <- hello
			_, body := c.hear("GET")
			assert.Equal(t, "hello", body)
		}
	})
}

// TestCloseWithMoreSent: an answer that ends the connection is not lost on a
// client that has sent more than ldcorn reads.
func TestCloseWithMoreSent(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		s := newSlow()
		u := r.worker("default", s.serve)
		c := r.client()
		c.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		<-s.began
		c.say(http1test.Get("/more"))
		s.say <- hello
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
		require.NoError(t, c.CloseWrite())
		assert.Empty(t, c.rest())
		r.idleAgain(u)
		assert.Equal(t, 1, u.heads())
	})
}
