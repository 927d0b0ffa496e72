package netloop_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// handlerFunc is a function that serves as a Handler.
type handlerFunc func(netloop.Task, netloop.Conn) netloop.Verdict

func (f handlerFunc) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict { return f(t, c) }

// drivers runs the test with each driver that the system has.
func drivers(t *testing.T, test func(t *testing.T, name string)) {
	for _, name := range netloop.Drivers() {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

// serve runs a driver on a loopback port until the test ends, and fails the
// test if the driver does not end then.
func serve(t *testing.T, name string, opts netloop.Options, h handlerFunc) (string, netloop.Driver) {
	t.Helper()
	return serveUnder(t, name, nil, opts, h)
}

// serveUnder is serve with a layer under each connection.
func serveUnder(t *testing.T, name string, layer layerFunc, opts netloop.Options, h handlerFunc) (string, netloop.Driver) {
	t.Helper()
	opts.Handler, opts.Log = h, slog.New(slog.DiscardHandler)
	d, err := netloop.New(name, opts)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := netloop.NewListener(ln)
	listener.Layer = layer
	require.NoError(t, d.Add(listener))
	done := make(chan error, 1)
	go func() { done <- d.Run() }()
	t.Cleanup(func() {
		d.Abort()
		select {
		case err := <-done:
			assert.NoError(t, err)
		case <-time.After(30 * time.Second):
			t.Error("the driver does not end")
		}
	})
	return ln.Addr().String(), d
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	return c.(*net.TCPConn)
}

// line reads up to a newline, and rests while there is none.
func line(t netloop.Task, c netloop.Conn, until netloop.Time) (string, netloop.Verdict) {
	buf := append([]byte(nil), c.Stash()...)
	room := make([]byte, 64)
	n, err := c.TryRead(t, room)
	buf = append(buf, room[:n]...)
	switch {
	case bytes.HasSuffix(buf, []byte("\n")):
		return string(buf), netloop.Verdict{Op: netloop.Rest, Until: until}
	case n > 0 || err == netloop.ErrAgain:
		return "", netloop.Verdict{Op: netloop.Rest, Until: until, Stash: buf}
	}
	return "", netloop.Verdict{}
}

func echo(t netloop.Task, c netloop.Conn) netloop.Verdict {
	s, v := line(t, c, 0)
	if s != "" {
		c.Write(t, []byte("got "), []byte(s), time.Minute)
	}
	return v
}

func TestRestAndStash(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		addr, _ := serve(t, name, netloop.Options{}, echo)
		c := dial(t, addr)
		r := bufio.NewReader(c)
		for _, s := range []string{"a\n", "bcd\n"} {
			for i := range len(s) {
				_, err := c.Write([]byte(s[i : i+1]))
				require.NoError(t, err)
			}
			got, err := r.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "got "+s, got)
		}
	})
}

// TestRestWithBytesUnread checks that a connection that rests with unread bytes
// is served again at once.
func TestRestWithBytesUnread(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			buf := make([]byte, 3)
			n, err := c.TryRead(task, buf)
			if err != nil && err != netloop.ErrAgain {
				return netloop.Verdict{}
			}
			c.Write(task, buf[:n], nil, time.Minute)
			return netloop.Verdict{Op: netloop.Rest}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("0123456789"))
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, "0123456789", string(got))
	})
}

func TestExpiry(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		addr, _ := serve(t, name, netloop.Options{FirstWait: func() time.Duration { return 20 * time.Millisecond }},
			func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				if c.Expired() {
					c.Write(task, append([]byte("late: "), c.Stash()...), nil, time.Minute)
					return netloop.Verdict{Op: netloop.Linger}
				}
				_, v := line(task, c, task.Now().Add(20*time.Millisecond))
				return v
			})
		silent, half := dial(t, addr), dial(t, addr)
		_, err := half.Write([]byte("half"))
		require.NoError(t, err)
		got, err := io.ReadAll(silent)
		require.NoError(t, err)
		assert.Empty(t, got, "a client that never sent anything is closed without an answer")
		got, err = io.ReadAll(half)
		require.NoError(t, err)
		assert.Equal(t, "late: half", string(got))
	})
}

func TestLargeWriteToSlowReader(t *testing.T) {
	const size = 16 << 20
	drivers(t, func(t *testing.T, name string) {
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			c.Write(task, bytes.Repeat([]byte("x"), size), []byte("end"), time.Minute)
			return netloop.Verdict{Op: netloop.Linger}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("go"))
		require.NoError(t, err)
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Len(t, got, size+3)
		assert.Equal(t, "xend", string(got[size-1:]))
	})
}

func TestReadTimeoutAndDeadline(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		errs := make(chan error, 3)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			var b [8]byte
			c.Read(task, b[:], time.Minute)
			_, err := c.Read(task, b[:], 5*time.Millisecond)
			errs <- err
			task.SetDeadline(netloop.Now().Add(5 * time.Millisecond))
			_, err = c.Read(task, b[:], time.Hour)
			errs <- err
			errs <- task.Park(0)
			return netloop.Verdict{}
		})
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		for range 3 {
			require.ErrorIs(t, <-errs, netloop.ErrTimeout)
		}
	})
}

func TestPanicCostsOneConnection(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		var panics atomic.Int32
		addr, _ := serve(t, name, netloop.Options{OnPanic: func(any, []byte) { panics.Add(1) }},
			func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				s, v := line(task, c, 0)
				switch s {
				case "boom\n":
					panic("boom")
				case "fork\n":
					task.Fork(func(netloop.Task) { panic("fork") }).Wait(task)
				case "":
					return v
				}
				c.Write(task, []byte(s), nil, time.Minute)
				return v
			})
		for _, s := range []string{"boom\n", "fork\n"} {
			c := dial(t, addr)
			_, err := c.Write([]byte(s))
			require.NoError(t, err)
			got, _ := io.ReadAll(c)
			assert.Empty(t, got)
		}
		assert.EqualValues(t, 2, panics.Load())
		c := dial(t, addr)
		_, err := c.Write([]byte("fine\n"))
		require.NoError(t, err)
		got, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "fine\n", got)
	})
}

func TestParkAndWakeFromOutside(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		tasks := make(chan netloop.Task, 100)
		addr, _ := serve(t, name, netloop.Options{Loops: 2}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			s, v := line(task, c, 0)
			if s == "" {
				return v
			}
			tasks <- task
			if err := task.Park(0); err != nil {
				return netloop.Verdict{}
			}
			c.Write(task, []byte("woken\n"), nil, time.Minute)
			return v
		})
		for range 50 {
			a, b := dial(t, addr), dial(t, addr)
			for _, c := range []net.Conn{a, b} {
				_, err := c.Write([]byte("x\n"))
				require.NoError(t, err)
			}
			first, second := <-tasks, <-tasks
			second.Wake()
			first.Wake()
			for _, c := range []net.Conn{a, b} {
				got, err := bufio.NewReader(c).ReadString('\n')
				require.NoError(t, err)
				assert.Equal(t, "woken\n", got)
			}
			a.Close()
			b.Close()
		}
	})
}

// TestWatch checks that a client that closes is gone, whether or not it has
// read everything, and that a client that only ends its stream is not gone and
// gets the probe.
func TestWatch(t *testing.T) {
	cases := []struct {
		name  string
		probe string
		leave func(*net.TCPConn)
		want  error
	}{
		{"closes", "probe\n", func(c *net.TCPConn) { c.Close() }, netloop.ErrGone},
		{"resets", "probe\n", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, netloop.ErrGone},
		{"half-closes", "probe\n", func(c *net.TCPConn) { c.CloseWrite() }, netloop.ErrTimeout},
		{"half-closes without a probe", "", func(c *net.TCPConn) { c.CloseWrite() }, netloop.ErrGone},
		{"stays", "probe\n", func(c *net.TCPConn) {}, netloop.ErrTimeout},
	}
	drivers(t, func(t *testing.T, name string) {
		for _, tt := range cases {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				got := make(chan error, 2)
				addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
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
					err := task.Park(netloop.Now().Add(2 * time.Second))
					got <- err
					task.Watch(nil, nil)
					got <- task.Park(netloop.Now().Add(time.Millisecond))
					return netloop.Verdict{}
				})
				c := dial(t, addr)
				_, err := c.Write([]byte("x\n"))
				require.NoError(t, err)
				r := bufio.NewReader(c)
				_, err = r.ReadString('\n')
				require.NoError(t, err)
				tt.leave(c)
				assert.ErrorIs(t, <-got, tt.want)
				assert.ErrorIs(t, <-got, netloop.ErrTimeout, "ending the watch takes ErrGone back")
				if tt.name == "half-closes" {
					rest, _ := io.ReadAll(r)
					assert.Equal(t, tt.probe, string(rest), "one probe")
				}
			})
		}
	})
}

func TestTunnel(t *testing.T) {
	const size = 4 << 20
	drivers(t, func(t *testing.T, name string) {
		// The upstream echoes what it receives, and ends when its peer does.
		sock := filepath.Join(t.TempDir(), "up.sock")
		up, err := net.Listen("unix", sock)
		require.NoError(t, err)
		defer up.Close()
		go func() {
			for {
				c, err := up.Accept()
				if err != nil {
					return
				}
				go func() {
					io.Copy(c, c)
					c.(*net.UnixConn).CloseWrite()
					c.Close()
				}()
			}
		}()
		ended := make(chan bool, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(netloop.NewUpstream(sock), time.Minute)
			if err != nil {
				return netloop.Verdict{}
			}
			return task.Tunnel(c, u, func() { ended <- true })
		})
		c := dial(t, addr)
		sent := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		go func() {
			c.Write(sent)
			c.CloseWrite()
		}()
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(sent, got), "got %d bytes", len(got))
		assert.True(t, <-ended)
	})
}

func TestDialFailure(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		errs := make(chan error, 1)
		addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			_, err := task.Dial(netloop.NewUpstream(filepath.Join(t.TempDir(), "none")), time.Minute)
			errs <- err
			return netloop.Verdict{}
		})
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		require.ErrorIs(t, <-errs, os.ErrNotExist)
	})
}

func TestSplice(t *testing.T) {
	if !slices.Contains(netloop.Drivers(), "epoll") { // no other driver splices here
		return
	}
	const size = 3<<20 + 123
	sock := filepath.Join(t.TempDir(), "up.sock")
	up, err := net.Listen("unix", sock)
	require.NoError(t, err)
	defer up.Close()
	want := strings.Repeat("splice me ", size/10+1)[:size]
	go func() {
		c, err := up.Accept()
		if err != nil {
			return
		}
		io.WriteString(c, want)
		c.Close()
	}()
	result := make(chan []any, 1)
	addr, _ := serve(t, "epoll", netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
		u, err := task.Dial(netloop.NewUpstream(sock), time.Minute)
		if err != nil {
			return netloop.Verdict{}
		}
		defer u.Close()
		var n int64
		var rerr, werr error
		for n < size && rerr == nil && werr == nil {
			var moved int64 // available bytes, at least some
			moved, rerr, werr = u.Splice(task, c, size-n, time.Minute, time.Minute)
			n += moved
		}
		m, rerr2, _ := u.Splice(task, c, 10, time.Minute, time.Minute)
		result <- []any{n, rerr, werr, m, rerr2}
		return netloop.Verdict{Op: netloop.Linger}
	})
	c := dial(t, addr)
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.True(t, want == string(got), "got %d bytes", len(got))
	r := <-result
	assert.Equal(t, []any{int64(size), error(nil), error(nil), int64(0)}, r[:4])
	assert.Error(t, r[4].(error))
}

func TestShutdownWaitsForTheBusy(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		began, release := make(chan netloop.Task, 1), make(chan bool)
		h := handlerFunc(func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			s, v := line(task, c, 0)
			switch s {
			case "x\n":
				c.Write(task, []byte("hi\n"), nil, time.Minute)
			case "slow\n":
				began <- task
				task.Park(0)
				c.Write(task, []byte("done\n"), nil, time.Minute)
			}
			return v
		})
		d, err := netloop.New(name, netloop.Options{Handler: h, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, d.Add(netloop.NewListener(ln)))
		ran := make(chan error, 1)
		go func() { ran <- d.Run() }()

		idle, busy := dial(t, ln.Addr().String()), dial(t, ln.Addr().String())
		_, err = idle.Write([]byte("x\n"))
		require.NoError(t, err)
		hi, err := bufio.NewReader(idle).ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "hi\n", hi)
		_, err = busy.Write([]byte("slow\n"))
		require.NoError(t, err)
		task := <-began
		close(release)
		d.Shutdown()
		got, err := io.ReadAll(idle)
		require.NoError(t, err)
		assert.Empty(t, got, "a connection at rest is closed")
		require.Eventually(t, func() bool {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err == nil {
				c.Close()
			}
			return err != nil
		}, 10*time.Second, time.Millisecond, "no new connections")
		select {
		case <-ran:
			t.Fatal("ended with a connection busy")
		case <-d.Quiet():
			t.Fatal("quiet with a connection busy")
		default:
		}
		task.Wake()
		got, err = io.ReadAll(busy)
		require.NoError(t, err)
		assert.Equal(t, "done\n", string(got))
		require.NoError(t, <-ran)
		<-d.Quiet()
	})
}

// TestShutdownServesWhoIsConnected checks that a client that has connected and
// sent its request before the listener closes gets its answer.
func TestShutdownServesWhoIsConnected(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		block := make(chan bool)
		h := handlerFunc(func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			s, v := line(task, c, 0)
			if s == "block\n" {
				<-block // blocks the loop itself, so nothing is accepted meanwhile
			}
			c.Write(task, []byte("got "+s), nil, time.Minute)
			return v
		})
		d, addr, ran := runs(t, name, h)
		clients := []*net.TCPConn{dial(t, addr)}
		_, err := clients[0].Write([]byte("block\n"))
		require.NoError(t, err)
		for range 100 {
			c := dial(t, addr)
			_, err := c.Write([]byte("x\n"))
			require.NoError(t, err)
			clients = append(clients, c)
		}
		d.Shutdown()
		close(block)
		for i, c := range clients {
			got, err := io.ReadAll(c)
			require.NoError(t, err, "client %d", i)
			assert.Contains(t, string(got), "got ", "client %d", i)
		}
		require.NoError(t, <-ran)
	})
}

func TestAbortEndsEveryWait(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		began, errs := make(chan bool, 2), make(chan error, 2)
		h := handlerFunc(func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			var b [64]byte
			n, _ := c.Read(task, b[:], time.Minute)
			began <- true
			if string(b[:n]) == "read" {
				_, err := c.Read(task, b[:], 0)
				errs <- err
			} else {
				errs <- task.Park(0)
			}
			return netloop.Verdict{}
		})
		d, err := netloop.New(name, netloop.Options{Handler: h, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, d.Add(netloop.NewListener(ln)))
		ran := make(chan error, 1)
		go func() { ran <- d.Run() }()
		for _, s := range []string{"read", "park"} {
			_, err = dial(t, ln.Addr().String()).Write([]byte(s))
			require.NoError(t, err)
			<-began
		}
		d.Abort()
		for range 2 {
			err := <-errs
			assert.True(t, errors.Is(err, netloop.ErrStopped) || errors.Is(err, net.ErrClosed), "%v", err)
		}
		require.NoError(t, <-ran)
	})
}

// TestCloseDuringRead checks that a fork that closes a connection while its
// parent reads from it does not leave the parent reading the next connection
// with that number.
func TestCloseDuringRead(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "up.sock")
	up, err := net.Listen("unix", sock)
	require.NoError(t, err)
	t.Cleanup(func() { up.Close() })
	go func() {
		for {
			c, err := up.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "another's\n")
		}
	}()
	for _, name := range netloop.Drivers() {
		if name == "goroutine" {
			continue // with this driver, a fork runs in parallel with its parent, so either may be first
		}
		t.Run(name, func(t *testing.T) {
			reading, got := make(chan bool, 1), make(chan string, 1)
			addr, _ := serve(t, name, netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				// The fork must run after an event has brought the parent to its
				// read, and before the read is done.
				buf := make([]byte, 64)
				if n, _ := c.Read(task, buf, time.Minute); n == 0 {
					return netloop.Verdict{}
				}
				reading <- true
				if c.WaitReadable(task, time.Minute) != nil {
					return netloop.Verdict{}
				}
				var u netloop.Conn
				f := task.Fork(func(task netloop.Task) {
					c.Close()
					u, _ = task.Dial(netloop.NewUpstream(sock), time.Minute)
					u.WaitReadable(task, time.Minute)
				})
				n, _ := c.Read(task, buf, time.Minute)
				got <- string(buf[:n])
				f.Wait(task)
				u.Close()
				return netloop.Verdict{}
			})
			c := dial(t, addr)
			_, err := c.Write([]byte("x"))
			require.NoError(t, err)
			<-reading
			_, err = c.Write([]byte("mine\n"))
			require.NoError(t, err)
			assert.Equal(t, "mine\n", <-got)
			_, err = io.ReadAll(c)
			assert.NoError(t, err, "closed")
		})
	}
}

// runs starts a driver with one loop and one listener. It sends what Run returns.
func runs(t *testing.T, name string, h netloop.Handler) (d netloop.Driver, addr string, ran <-chan error) {
	t.Helper()
	d, err := netloop.New(name, netloop.Options{Handler: h, Log: slog.New(slog.DiscardHandler), Loops: 1})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, d.Add(netloop.NewListener(ln)))
	ended := make(chan error, 1)
	go func() { ended <- d.Run() }()
	return d, ln.Addr().String(), ended
}
