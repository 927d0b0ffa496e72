package tlslayer

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

type handlerFunc func(netloop.Task, netloop.Conn) netloop.Verdict

func (f handlerFunc) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict { return f(t, c) }

// drivers runs a test with each driver, with a TLS listener that h serves.
func drivers(t *testing.T, opts Options, options netloop.Options, h handlerFunc, test func(t *testing.T, addr string)) {
	for _, name := range netloop.Drivers() {
		t.Run(name, func(t *testing.T) {
			options.Handler, options.Log = h, slog.New(slog.DiscardHandler)
			d, err := netloop.New(name, options)
			require.NoError(t, err)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			opts.Handshakes = NewHandshakes(2, nil)
			listener := netloop.NewListener(ln)
			listener.Layer = New(opts)
			require.NoError(t, d.Add(listener))
			done := make(chan error, 1)
			go func() { done <- d.Run() }()
			t.Cleanup(func() {
				d.Abort()
				assert.NoError(t, <-done)
				opts.Handshakes.Wait()
			})
			test(t, ln.Addr().String())
		})
	}
}

// echo sends back what it receives, and rests in between.
func echo(task netloop.Task, c netloop.Conn) netloop.Verdict {
	buf := make([]byte, 32<<10)
	for {
		switch n, err := c.TryRead(task, buf); {
		case err == netloop.ErrAgain:
			return netloop.Verdict{Op: netloop.Rest}
		case err != nil:
			return netloop.Verdict{}
		default:
			if _, err := c.Write(task, buf[:1], buf[1:n], time.Minute); err != nil {
				return netloop.Verdict{}
			}
		}
	}
}

// TestUnderDrivers moves many bytes on many connections at the same time, through
// handshakes that come all at once.
func TestUnderDrivers(t *testing.T) {
	config, c := configs(t)
	opts := Options{Config: func() *tls.Config { return config }}
	drivers(t, opts, netloop.Options{}, echo, func(t *testing.T, addr string) {
		data := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				conn, err := tls.Dial("tcp", addr, c)
				if !assert.NoError(t, err) {
					return
				}
				defer conn.Close()
				assert.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
				var sent sync.WaitGroup
				sent.Go(func() {
					_, err := conn.Write(data)
					assert.NoError(t, err)
				})
				got := make([]byte, len(data))
				_, err = io.ReadFull(conn, got)
				assert.NoError(t, err)
				sent.Wait()
				assert.True(t, bytes.Equal(data, got))
				assert.NoError(t, conn.CloseWrite())
				_, err = conn.Read(got)
				assert.Equal(t, io.EOF, err)
			})
		}
		all.Wait()
	})
}

// TestSlowUnderDrivers checks that a client that does not finish its handshake is
// disconnected.
func TestSlowUnderDrivers(t *testing.T) {
	config, c := configs(t)
	results := make(chan Result, 10)
	opts := Options{Config: func() *tls.Config { return config }, Observe: func(r Result) { results <- r }}
	p := hello(t, c)
	options := netloop.Options{FirstWait: func() time.Duration { return 50 * time.Millisecond }}
	drivers(t, opts, options, echo, func(t *testing.T, addr string) {
		for _, n := range []int{1, len(p) - 1, len(p)} {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
			_, err = conn.Write(p[:n])
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, conn)
			assert.NoError(t, err, "closed")
			assert.ErrorIs(t, (<-results).Err, ErrGone)
		}
	})
}
