package netloop_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// layers runs the test with each driver, and with handshakes done immediately
// and in separate goroutines.
func layers(t *testing.T, test func(t *testing.T, name string, slow bool)) {
	drivers(t, func(t *testing.T, name string) {
		t.Run("at once", func(t *testing.T) { test(t, name, false) })
		t.Run("beside", func(t *testing.T) { test(t, name, true) })
	})
}

// lines answers each line. Several lines can come together.
func lines(t netloop.Task, c netloop.Conn) netloop.Verdict {
	buf := append([]byte(nil), c.Stash()...)
	room := make([]byte, 64) // less than a record
	n, err := c.TryRead(t, room)
	if n == 0 && err != netloop.ErrAgain {
		return netloop.Verdict{}
	}
	buf = append(buf, room[:n]...)
	for {
		s, rest, whole := bytes.Cut(buf, []byte("\n"))
		if !whole {
			return netloop.Verdict{Op: netloop.Rest, Stash: buf}
		}
		if _, err := c.Write(t, []byte("got "), append(bytes.Clone(s), '\n'), time.Minute); err != nil {
			return netloop.Verdict{}
		}
		buf = rest
	}
}

// TestLayerRest checks that a connection with a layer rests until the layer has
// plain bytes, and is served again as long as it has some, however the bytes
// come.
func TestLayerRest(t *testing.T) {
	layers(t, func(t *testing.T, name string, slow bool) {
		layer := records(t, slow)
		addr, _ := serveUnder(t, name, layer, netloop.Options{}, lines)
		t.Run("byte by byte", func(t *testing.T) {
			c := connected(t, addr)
			for _, s := range []string{hello + "me\n", c.sealed("a\n"), c.sealed("bcd\n")} {
				for i := range len(s) {
					c.raw(s[i : i+1])
				}
			}
			c.welcomed()
			assert.Equal(t, "got a\n", c.line())
			assert.Equal(t, "got bcd\n", c.line())
		})
		t.Run("all at once", func(t *testing.T) {
			c := connected(t, addr)
			c.raw(hello + "me\n" + c.sealed("a\n") + c.sealed("b") + c.sealed("c\n"))
			c.welcomed()
			assert.Equal(t, "got a\n", c.line())
			assert.Equal(t, "got bc\n", c.line())
		})
		t.Run("much in a record", func(t *testing.T) {
			c := greeted(t, addr)
			long := strings.Repeat("x", 50)
			c.say(strings.Repeat(long+"\n", record/51))
			for range record / 51 {
				require.Equal(t, "got "+long+"\n", c.line())
			}
			c.say("again\n")
			assert.Equal(t, "got again\n", c.line())
		})
		t.Run("a record in parts", func(t *testing.T) {
			c := greeted(t, addr)
			s := c.sealed("one\ntwo\n")
			c.raw(s[:3])
			c.raw(s[3:])
			assert.Equal(t, "got one\n", c.line())
			assert.Equal(t, "got two\n", c.line())
		})
	})
}

// TestLayerHandshake checks that a client that does not finish the handshake is
// closed when FirstWait is over, without reaching the handler.
func TestLayerHandshake(t *testing.T) {
	layers(t, func(t *testing.T, name string, slow bool) {
		layer := records(t, slow)
		opts := netloop.Options{FirstWait: func() time.Duration { return 50 * time.Millisecond }}
		served := make(chan error, 10)
		addr, _ := serveUnder(t, name, layer, opts, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			_, err := c.TryRead(task, make([]byte, 10))
			served <- err
			return netloop.Verdict{}
		})
		for _, s := range []string{"HEL", hello + "me\n"} {
			c := connected(t, addr)
			c.raw(s)
			_, err := io.ReadAll(c.in)
			assert.NoError(t, err)
		}
		assert.Empty(t, served)
		for _, s := range []string{"GET / HTTP/1.1\n", strings.Repeat("x", maxHello+1)} {
			c := connected(t, addr)
			c.raw(s)
			got, err := io.ReadAll(c.in)
			assert.NoError(t, err)
			assert.Equal(t, "GO AWAY\n", string(got))
			assert.ErrorContains(t, <-served, "no greeting")
		}
		if slow {
			c := connected(t, addr)
			c.raw(hello + "nobody\n")
			got, err := io.ReadAll(c.in)
			assert.NoError(t, err)
			assert.Equal(t, "GO AWAY\n", string(got))
			assert.ErrorContains(t, <-served, "not welcome")
		}
	})
}

// TestLayerOfConn checks that the handler can get the layer and what it has
// learned. Without a layer, it gets nil.
func TestLayerOfConn(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		layer := records(t, false)
		with, got := layer, make(chan netloop.Layer, 1)
		var none atomic.Bool
		layer = func(c netloop.Conn, wake func()) netloop.Layer {
			if none.Load() {
				return nil
			}
			return with(c, wake)
		}
		addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			got <- c.Layer()
			return netloop.Verdict{}
		})
		greeted(t, addr).say("x")
		assert.Equal(t, "someone", (<-got).(*countedLayer).name)
		none.Store(true)
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		assert.Nil(t, <-got)
	})
}

// TestLayerMuch moves a mebibyte up and one down at the same time, in records
// of any size, to a client that does not read at first.
func TestLayerMuch(t *testing.T) {
	const size = 1 << 20
	data := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
	drivers(t, func(t *testing.T, name string) {
		for _, part := range []int{7, 1000, record} {
			layer := records(t, false)
			up := make(chan []byte, 1)
			addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				f := task.Fork(func(task netloop.Task) {
					var all []byte
					buf := make([]byte, 3000)
					for len(all) < size {
						if c.WaitReadable(task, time.Minute) != nil {
							break
						}
						n, err := c.Read(task, buf, time.Minute)
						if err != nil {
							break
						}
						all = append(all, buf[:n]...)
					}
					up <- all
				})
				n, err := c.Write(task, data[:10], data[10:], time.Minute)
				assert.NoError(t, err)
				assert.Equal(t, size, n)
				f.Wait(task)
				return netloop.Verdict{Op: netloop.Linger}
			})
			c := greeted(t, addr)
			c.size = part
			c.say(string(data))
			assert.True(t, bytes.Equal(data, <-up))
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, got), "got %d bytes", len(got))
			c.closed()
		}
	})
}

// TestLayerEnds checks how a reader learns of the end of the client's stream,
// after what the client sent before it, and what the client learns.
func TestLayerEnds(t *testing.T) {
	cases := map[string]struct {
		leave func(*recordClient)
		read  error // that the handler gets
		sees  error // that the client gets after the answer
	}{
		"last record":                {func(c *recordClient) { c.end() }, io.EOF, io.EOF},
		"last record and the socket": {func(c *recordClient) { c.end(); c.CloseWrite() }, io.EOF, io.EOF},
		"only the socket":            {func(c *recordClient) { c.CloseWrite() }, io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		"broken":                     {func(c *recordClient) { c.raw("\xf0\x00 and so on") }, errFault, io.ErrUnexpectedEOF},
		"reset":                      {func(c *recordClient) { c.SetLinger(0); c.Close() }, syscall.ECONNRESET, nil},
	}
	drivers(t, func(t *testing.T, name string) {
		for what, tt := range cases {
			t.Run(what, func(t *testing.T) {
				layer := records(t, false)
				errs := make(chan error, 2)
				addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
					buf := make([]byte, 10)
					n, _ := c.Read(task, buf, time.Minute)
					assert.Equal(t, "before", string(buf[:n]))
					_, err := c.Read(task, buf, time.Minute)
					errs <- err
					assert.True(t, c.Ended())
					_, err = c.Read(task, buf, time.Minute)
					errs <- err
					if tt.read != syscall.ECONNRESET {
						_, err = c.Write(task, []byte("answer"), nil, time.Minute)
						assert.NoError(t, err)
					}
					return netloop.Verdict{}
				})
				c := greeted(t, addr)
				c.say("before")
				tt.leave(c)
				assert.ErrorIs(t, <-errs, tt.read)
				assert.ErrorIs(t, <-errs, tt.read, "again")
				if tt.read == syscall.ECONNRESET {
					return
				}
				got, err := c.rest()
				assert.Equal(t, "answer", got)
				assert.ErrorIs(t, err, tt.sees)
			})
		}
	})
}

// TestLayerCloseWrite checks that the client gets all that was written and then
// the end of the stream in the layer's way, while it can still send.
func TestLayerCloseWrite(t *testing.T) {
	const size = 8 << 20 // more than the sockets buffer
	drivers(t, func(t *testing.T, name string) {
		layer := records(t, false)
		errs, last := make(chan error, 2), make(chan string, 1)
		addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			buf := make([]byte, 10)
			c.Read(task, buf, time.Minute)
			_, err := c.Write(task, bytes.Repeat([]byte("x"), size), nil, time.Minute)
			errs <- err
			c.CloseWrite()
			_, err = c.Write(task, []byte("more"), nil, time.Minute)
			errs <- err
			n, _ := c.Read(task, buf, time.Minute)
			last <- string(buf[:n])
			return netloop.Verdict{}
		})
		c := greeted(t, addr)
		c.say("go")
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Len(t, got, size)
		assert.NoError(t, <-errs)
		assert.Error(t, <-errs, "a write after the end fails")
		c.closed()
		c.say("thanks")
		assert.Equal(t, "thanks", <-last)
	})
}

// TestLayerWatch checks that a client is gone if it closes in any way or if its
// connection is broken. For a client that has ended its stream, even in the
// layer's way, the probe decides.
func TestLayerWatch(t *testing.T) {
	end := func(c *recordClient) { c.end() }
	cases := map[string]struct {
		probe string
		leave func(*recordClient)
		want  error
	}{
		"closes":                             {"probe\n", func(c *recordClient) { c.Close() }, netloop.ErrGone},
		"ends and closes":                    {"probe\n", func(c *recordClient) { c.end(); c.Close() }, netloop.ErrGone},
		"resets":                             {"probe\n", func(c *recordClient) { c.SetLinger(0); c.Close() }, netloop.ErrGone},
		"breaks":                             {"probe\n", func(c *recordClient) { c.raw("\xf0\x00") }, netloop.ErrGone},
		"half-closes":                        {"probe\n", end, netloop.ErrTimeout},
		"half-closes without a probe":        {"", end, netloop.ErrGone},
		"sends and half-closes":              {"", func(c *recordClient) { c.say("more"); c.end(); c.CloseWrite() }, netloop.ErrGone},
		"sends a part, and the rest and end": {"", func(c *recordClient) { s := c.sealed("more"); c.raw(s[:2]); c.raw(s[2:] + "\x00\x00") }, netloop.ErrGone},
		"stays":                              {"probe\n", func(*recordClient) {}, netloop.ErrTimeout},
		"goes on sending":                    {"", func(c *recordClient) { c.say("more") }, netloop.ErrTimeout},
	}
	drivers(t, func(t *testing.T, name string) {
		type watched struct {
			client *recordClient
			errs   chan error
			probed chan int
		}
		all := map[string]watched{} // in parallel, because each takes long
		for what, tt := range cases {
			layer := records(t, false)
			w := watched{errs: make(chan error, 2), probed: make(chan int, 1)}
			addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				s, v := line(task, c, 0)
				if s == "" {
					return v
				}
				var probe []byte
				if tt.probe != "" {
					probe = []byte(tt.probe)
				}
				task.Watch(c, probe)
				c.Write(task, []byte("watching\n"), nil, time.Minute)
				limit := 30 * time.Second
				if tt.want == netloop.ErrTimeout {
					limit = 1500 * time.Millisecond
				}
				w.errs <- task.Park(netloop.Now().Add(limit))
				w.probed <- task.Watch(nil, nil)
				w.errs <- task.Park(netloop.Now().Add(time.Millisecond))
				return netloop.Verdict{}
			})
			w.client = greeted(t, addr)
			w.client.say("x\n")
			require.Equal(t, "watching\n", w.client.line())
			tt.leave(w.client)
			all[what] = w
		}
		for what, w := range all {
			assert.ErrorIs(t, <-w.errs, cases[what].want, what)
			assert.ErrorIs(t, <-w.errs, netloop.ErrTimeout, "ending the watch takes ErrGone back")
		}
		halved := all["half-closes"]
		assert.Equal(t, len("probe\n"), <-halved.probed)
		assert.Equal(t, "probe\n", halved.client.line(), "one probe")
		_, err := halved.client.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
	})
}

// mirror returns an upstream that echoes what it receives, and ends its stream
// when its peer does.
func mirror(t *testing.T) *netloop.Upstream {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "up.sock")
	ln, err := net.Listen("unix", sock)
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return netloop.NewUpstream(sock)
}

// TestLayerTunnel checks that bytes go both ways through the layer, and so do
// the ends of the streams.
func TestLayerTunnel(t *testing.T) {
	const size = 4 << 20
	sent := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	drivers(t, func(t *testing.T, name string) {
		up := mirror(t)
		for what, slow := range map[string]bool{"reads at once": false, "reads late": true} {
			t.Run(what, func(t *testing.T) {
				layer := records(t, false)
				ended := make(chan bool, 1)
				addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
					u, err := task.Dial(up, time.Minute)
					if err != nil {
						return netloop.Verdict{}
					}
					return task.Tunnel(c, u, func() { ended <- true })
				})
				c := greeted(t, addr)
				wrote := make(chan error, 1)
				go func() {
					_, err := c.TCPConn.Write(append(appendRecords(nil, sent, record), 0, 0))
					wrote <- err
				}()
				var got []byte
				if slow { // all buffers on the way fill up
					first := make([]byte, 1000)
					_, err := io.ReadFull(c, first)
					require.NoError(t, err)
					got = first
				}
				rest, err := io.ReadAll(c)
				require.NoError(t, err)
				got = append(got, rest...)
				assert.True(t, bytes.Equal(sent, got), "got %d bytes", len(got))
				require.NoError(t, <-wrote)
				c.closed()
				assert.True(t, <-ended)
			})
		}
		t.Run("broken", func(t *testing.T) {
			layer := records(t, false)
			ended := make(chan bool, 1)
			addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				u, err := task.Dial(up, time.Minute)
				if err != nil {
					return netloop.Verdict{}
				}
				return task.Tunnel(c, u, func() { ended <- true })
			})
			c := greeted(t, addr)
			c.say("x\n")
			assert.Equal(t, "x\n", c.line())
			c.raw("\xf0\x00")
			_, err := io.ReadAll(c)
			assert.ErrorIs(t, err, errFault)
			assert.True(t, <-ended)
		})
	})
}

// TestLayerSplice checks that a splice that would bypass the layer is refused,
// and that nothing is lost.
func TestLayerSplice(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		up := mirror(t)
		layer := records(t, false)
		addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(up, time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			defer u.Close()
			buf := make([]byte, 10)
			move := func(from, to netloop.Conn) {
				assert.NoError(t, from.WaitReadable(task, time.Minute))
				n, err, _ := from.Splice(task, to, 10, time.Minute, time.Minute)
				assert.ErrorIs(t, err, netloop.ErrNoSplice)
				assert.Zero(t, n)
				got, _ := from.Read(task, buf, time.Minute)
				to.Write(task, buf[:got], nil, time.Minute)
			}
			move(c, u)
			move(u, c)
			return netloop.Verdict{Op: netloop.Linger}
		})
		c := greeted(t, addr)
		c.say("round\n")
		assert.Equal(t, "round\n", c.line())
	})
}

// TestLayerLinger checks that an answer reaches a client that is still sending,
// even garbage, whether the verdict is to linger or only to close.
func TestLayerLinger(t *testing.T) {
	sends := map[string]string{
		"records":  string(appendRecords(nil, bytes.Repeat([]byte("x"), 2<<20), record)),
		"nonsense": strings.Repeat("\xf0", 2<<20),
	}
	drivers(t, func(t *testing.T, name string) {
		for what, s := range sends {
			for _, op := range []netloop.Op{netloop.Linger, netloop.Close} {
				layer := records(t, false)
				answered := make(chan bool)
				addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
					c.Read(task, make([]byte, 2), time.Minute)
					c.Write(task, []byte("too much\n"), nil, time.Minute)
					defer close(answered)
					c.Read(task, make([]byte, 1), time.Minute) // wait until more has come
					return netloop.Verdict{Op: op}
				})
				c := greeted(t, addr)
				c.say("go")
				c.raw(s[:1<<20])
				<-answered
				c.raw(s[1<<20:])
				got, err := c.rest()
				assert.Equal(t, "too much\n", got)
				if what == "records" {
					assert.ErrorIs(t, err, io.EOF)
				}
				c.Close()
			}
		}
	})
}

// TestLayerVerdicts checks that a connection that is closed ends in the layer's
// way, and a connection that is reset does not.
func TestLayerVerdicts(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		layer := records(t, false)
		addr, d := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			s, v := line(task, c, 0)
			switch s {
			case "close\n":
				return netloop.Verdict{}
			case "reset\n":
				return netloop.Verdict{Op: netloop.Reset}
			case "rest\n":
				c.Write(task, []byte("resting\n"), nil, time.Minute)
			case "expire\n":
				v.Until = task.Now().Add(time.Millisecond)
			}
			return v
		})
		for s, want := range map[string]error{"close\n": io.EOF, "expire\n": io.EOF, "reset\n": syscall.ECONNRESET} {
			c := greeted(t, addr)
			c.say(s)
			_, err := c.Read(make([]byte, 1))
			assert.ErrorIs(t, err, want, s)
		}
		rests := greeted(t, addr)
		rests.say("rest\n")
		assert.Equal(t, "resting\n", rests.line())
		shakes := connected(t, addr)
		shakes.raw("HELL")
		d.Shutdown()
		_, err := rests.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF, "at the shutdown")
		rests.closed()
		shakes.closed()
	})
}

// TestLayerTimeout checks that a read through the layer keeps to its limit, and
// so does a write to a client that takes nothing.
func TestLayerTimeout(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		layer := records(t, false)
		errs := make(chan error, 3)
		addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			buf := make([]byte, 10)
			c.Read(task, buf, time.Minute)
			_, err := c.Read(task, buf, 5*time.Millisecond)
			errs <- err
			for err = nil; err == nil; {
				_, err = c.Write(task, make([]byte, 1<<20), nil, 50*time.Millisecond)
			}
			errs <- err
			return netloop.Verdict{}
		})
		c := greeted(t, addr)
		c.say("go")
		c.raw("\x00\x05ab") // part of a record gives nothing to read
		assert.ErrorIs(t, <-errs, netloop.ErrTimeout)
		assert.ErrorIs(t, <-errs, netloop.ErrTimeout)
	})
}

// A lateLayer changes no bytes, but opens them in its own goroutine.
type lateLayer struct {
	mu     sync.Mutex // guards all below
	in     []byte     // nil = no goroutine is working on it
	opened []byte
	wake   func()
}

func (l *lateLayer) Feed(p []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(p) > 0 {
		l.in = bytes.Clone(p)
		go l.work()
	}
	if l.in != nil {
		return netloop.ErrAgain
	}
	return nil
}

func (l *lateLayer) work() {
	l.mu.Lock()
	l.opened = append(l.opened, l.in...)
	l.in = nil
	l.mu.Unlock()
	l.wake()
}

func (l *lateLayer) FeedEnd() error { return io.EOF }

func (l *lateLayer) Buffered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.opened)
}

func (l *lateLayer) Read(p []byte) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := copy(p, l.opened)
	l.opened = l.opened[n:]
	return n
}

func (l *lateLayer) Seal(dst, p []byte) ([]byte, error) { return append(dst, p...), nil }
func (l *lateLayer) End(dst []byte) []byte              { return dst }
func (l *lateLayer) Close()                             {}

// TestLayerNews checks that everything that waits for a layer that works in a
// goroutine gets the result: a read, a watch, a tunnel and a rest.
func TestLayerNews(t *testing.T) {
	const size = 1 << 20
	data := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
	layer := func(_ netloop.Conn, wake func()) netloop.Layer { return &lateLayer{wake: wake} }
	serves := map[string]func(t *testing.T, task netloop.Task, c netloop.Conn, up *netloop.Upstream) netloop.Verdict{
		"read": func(_ *testing.T, task netloop.Task, c netloop.Conn, _ *netloop.Upstream) netloop.Verdict {
			buf := make([]byte, 1<<16)
			for {
				n, err := c.Read(task, buf, time.Minute)
				if err != nil {
					return netloop.Verdict{}
				}
				c.Write(task, buf[:n], nil, time.Minute)
			}
		},
		"rest": func(_ *testing.T, task netloop.Task, c netloop.Conn, _ *netloop.Upstream) netloop.Verdict {
			buf := make([]byte, 1<<12)
			n, err := c.TryRead(task, buf)
			if err != nil && err != netloop.ErrAgain {
				return netloop.Verdict{}
			}
			c.Write(task, buf[:n], nil, time.Minute)
			return netloop.Verdict{Op: netloop.Rest}
		},
		"tunnel": func(t *testing.T, task netloop.Task, c netloop.Conn, up *netloop.Upstream) netloop.Verdict {
			u, err := task.Dial(up, time.Minute)
			if !assert.NoError(t, err) {
				return netloop.Verdict{}
			}
			return task.Tunnel(c, u, func() {})
		},
	}
	drivers(t, func(t *testing.T, name string) {
		up := mirror(t)
		for what, f := range serves {
			t.Run(what, func(t *testing.T) {
				addr, _ := serveUnder(t, name, layer, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict { return f(t, task, c, up) })
				c := dial(t, addr)
				go func() {
					c.Write(data)
					c.CloseWrite()
				}()
				got, err := io.ReadAll(c)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(data, got), "got %d bytes", len(got))
			})
		}
	})
}
