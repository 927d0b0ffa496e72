package netloop_test

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A lineOpening reads a line with the address of the client, and then passes bytes
// on. An empty line names nobody, and "?" an anonymous client.
type lineOpening struct {
	t    *testing.T
	open *atomic.Int32
	next func() netloop.Layer // nil = none

	in     []byte // the line, and later what follows it
	done   bool
	asked  int
	origin netloop.Origin
	closed bool
}

func (l *lineOpening) Feed(p []byte) error {
	l.alive()
	l.in = append(l.in, p...)
	line, rest, whole := bytes.Cut(l.in, []byte("\n"))
	if l.done || !whole {
		return nil
	}
	l.done, l.in = true, rest
	if len(line) == 0 {
		return nil
	}
	if l.origin.Anonymous = string(line) == "?"; l.origin.Anonymous {
		return nil
	}
	peer, err := netip.ParseAddrPort(string(line))
	if err != nil {
		return err
	}
	l.origin = netloop.Origin{Peer: peer, Local: netip.MustParseAddrPort("192.0.2.99:443")}
	return nil
}

func (l *lineOpening) alive() { assert.False(l.t, l.closed, "used after Close") }

func (l *lineOpening) FeedEnd() error {
	if !l.done {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

func (l *lineOpening) Buffered() int {
	l.alive()
	if !l.done {
		return 0
	}
	return len(l.in)
}

func (l *lineOpening) Read(p []byte) int {
	n := copy(p, l.in[:l.Buffered()])
	l.in = l.in[n:]
	return n
}

func (l *lineOpening) Seal(dst, p []byte) ([]byte, error) {
	l.alive()
	if !l.done && len(p) > 0 {
		return dst, io.ErrShortWrite
	}
	return append(dst, p...), nil
}

func (l *lineOpening) End(dst []byte) []byte { return dst }

func (l *lineOpening) Close() {
	l.alive()
	l.closed = true
	l.open.Add(-1)
}

func (l *lineOpening) Done() bool { return l.done }

func (l *lineOpening) Origin() netloop.Origin { return l.origin }

func (l *lineOpening) Next() netloop.Layer {
	l.asked++
	assert.Equal(l.t, 1, l.asked)
	if l.next == nil {
		return nil
	}
	return l.next()
}

// openings returns a function that makes lineOpenings, with a layer after each unless
// it is nil.
func openings(t *testing.T, after layerFunc) layerFunc {
	open := new(atomic.Int32)
	t.Cleanup(func() { assert.Zero(t, open.Load(), "openings left open") })
	return func(c netloop.Conn, wake func()) netloop.Layer {
		open.Add(1)
		l := &lineOpening{t: t, open: open}
		if after != nil {
			l.next = func() netloop.Layer {
				if l.origin.Peer.IsValid() {
					assert.Equal(t, l.origin.Peer, c.Peer(), "known before the next layer")
				}
				return after(c, wake)
			}
		}
		return l
	}
}

// asks answers each line with itself and what the connection knows about the client.
func asks(t netloop.Task, c netloop.Conn) netloop.Verdict {
	buf := append([]byte(nil), c.Stash()...)
	room := make([]byte, 64)
	n, err := c.TryRead(t, room)
	buf = append(buf, room[:n]...)
	for {
		s, rest, whole := bytes.Cut(buf, []byte("\n"))
		switch {
		case !whole && err != nil && err != netloop.ErrAgain:
			return netloop.Verdict{}
		case !whole:
			return netloop.Verdict{Op: netloop.Rest, Stash: buf}
		}
		peer := c.Peer().String()
		if c.Peer().Addr().IsLoopback() {
			peer = "nobody"
		}
		if c.Anonymous() {
			peer = "anonymous by " + peer
		}
		answer := string(s) + " from " + peer + " to " + c.Port() + "\n"
		if _, err := c.Write(t, []byte(answer), nil, time.Minute); err != nil {
			return netloop.Verdict{}
		}
		buf = rest
	}
}

const someone = "198.51.100.7:1234"

// TestOpening checks that the connection knows its client from the first byte on, and
// that no byte is lost when the opening goes, however the bytes come.
func TestOpening(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		addr, _ := serveUnder(t, name, openings(t, nil), netloop.Options{}, asks)
		_, port, _ := strings.Cut(addr, ":")
		for _, parts := range [][]string{
			{someone + "\na\nb\n"},
			{someone + "\n", "a\nb\n"},
			{someone, "\na", "\n", "b\n"},
			strings.Split(someone+"\na\nb\n", ""),
			{someone + "\na\nb\n" + strings.Repeat("x", 1<<16)}, // more than a read brings
		} {
			c := connected(t, addr)
			for _, p := range parts {
				c.raw(p)
			}
			for _, want := range []string{"a", "b"} {
				got, err := c.in.ReadString('\n')
				require.NoError(t, err)
				assert.Equal(t, want+" from "+someone+" to 443\n", got)
			}
		}
		for line, who := range map[string]string{"": "nobody", "?": "anonymous by nobody"} {
			c := connected(t, addr)
			c.raw(line + "\na\n")
			got, err := c.in.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "a from "+who+" to "+port+"\n", got)
		}

		for _, s := range []string{"what?\n", "", someone} {
			c := connected(t, addr)
			c.raw(s)
			require.NoError(t, c.CloseWrite())
			got, err := io.ReadAll(c.in)
			assert.NoError(t, err)
			assert.Empty(t, got)
		}
		last := connected(t, addr)
		last.raw(someone + "\nlast\n")
		require.NoError(t, last.CloseWrite())
		all, err := io.ReadAll(last.in)
		require.NoError(t, err)
		assert.Equal(t, "last from "+someone+" to 443\n", string(all))
	})
}

// TestOpeningThenLayer checks that another layer takes the place of the opening.
func TestOpeningThenLayer(t *testing.T) {
	layers(t, func(t *testing.T, name string, slow bool) {
		kind := make(chan netloop.Layer, 100)
		addr, _ := serveUnder(t, name, openings(t, records(t, slow)), netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			kind <- c.Layer()
			return asks(task, c)
		})
		c := connected(t, addr)
		whole := someone + "\n" + hello + "me\n" + c.sealed("a\n") + c.sealed("b\n")
		for _, parts := range [][]string{
			{whole},
			{whole[:len(someone)+1], whole[len(someone)+1:]},
			{whole[:len(someone)+5], whole[len(someone)+5:]},
			strings.Split(whole, ""),
		} {
			c := connected(t, addr)
			for _, p := range parts {
				c.raw(p)
			}
			c.welcomed()
			for _, want := range []string{"a", "b"} {
				assert.Equal(t, want+" from "+someone+" to 443\n", c.line())
			}
			assert.IsType(t, new(countedLayer), <-kind)
		}
	})
}

// TestOpeningGoes checks that a connection without another layer is like one that never
// had a layer, where the driver says so: its bytes can be spliced.
func TestOpeningGoes(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		if name == "goroutine" {
			t.Skip("it keeps the layer, and splices nothing")
		}
		up := mirror(t)
		for _, parts := range [][]string{{someone + "\nx"}, {someone, "\n", "x"}} {
			addr, _ := serveUnder(t, name, openings(t, nil), netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				assert.Nil(t, c.Layer())
				if len(c.Stash()) == 0 {
					_, err := c.Read(task, make([]byte, 1), time.Minute)
					assert.NoError(t, err)
				}
				u, err := task.Dial(up, time.Minute)
				if !assert.NoError(t, err) {
					return netloop.Verdict{}
				}
				defer u.Close()
				_, err = c.Write(task, []byte("go\n"), nil, time.Minute)
				assert.NoError(t, err)
				assert.NoError(t, c.WaitReadable(task, time.Minute))
				n, err, werr := c.Splice(task, u, 4, time.Minute, time.Minute)
				assert.NoError(t, err)
				assert.NoError(t, werr)
				assert.EqualValues(t, 4, n)
				return netloop.Verdict{Op: netloop.Linger}
			})
			c := connected(t, addr)
			for _, p := range parts {
				c.raw(p)
			}
			_, err := c.in.ReadString('\n')
			require.NoError(t, err)
			c.raw("body")
			got, err := io.ReadAll(c.in)
			require.NoError(t, err)
			assert.Empty(t, got)
		}
	})
}

// TestOpeningMuch moves bytes both ways through an opening and a tunnel.
func TestOpeningMuch(t *testing.T) {
	const size = 1 << 20
	data := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
	drivers(t, func(t *testing.T, name string) {
		up := mirror(t)
		addr, _ := serveUnder(t, name, openings(t, nil), netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(up, time.Minute)
			if !assert.NoError(t, err) {
				return netloop.Verdict{}
			}
			_, err = u.Write(task, c.Stash(), nil, time.Minute)
			assert.NoError(t, err)
			return task.Tunnel(c, u, func() {})
		})
		c := connected(t, addr)
		go func() {
			_, _ = c.TCPConn.Write(append([]byte(someone+"\n"), data...))
			_ = c.CloseWrite()
		}()
		got, err := io.ReadAll(c.in)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), "got %d bytes", len(got))
	})
}

// TestOpeningShutdown checks that a driver that stops serves a request that has come
// with its opening, and closes a connection whose opening is not done.
func TestOpeningShutdown(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		ready := make(chan bool, 10)
		addr, d := serveUnder(t, name, openings(t, nil), netloop.Options{}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			ready <- true
			return asks(task, c)
		})
		half, busy := connected(t, addr), connected(t, addr)
		half.raw(someone)
		busy.raw(someone + "\na\n")
		_, err := busy.in.ReadString('\n')
		require.NoError(t, err)
		<-ready
		d.Shutdown()
		for _, c := range []*recordClient{half, busy} {
			got, err := io.ReadAll(c.in)
			assert.NoError(t, err)
			assert.Empty(t, got)
		}
	})
}
