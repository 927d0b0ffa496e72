package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// halfHead is a connection on which part of a head has come.
type halfHead struct {
	netloop.Conn
	in string
}

func (c *halfHead) Stash() []byte       { return nil }
func (c *halfHead) Until() netloop.Time { return 0 }
func (c *halfHead) Expired() bool       { return false }

func (c *halfHead) TryRead(_ netloop.Task, p []byte) (int, error) {
	if c.in == "" {
		return 0, netloop.ErrAgain
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

// clockTask is a task that only knows the time.
type clockTask struct{ netloop.Task }

func (clockTask) Now() netloop.Time { return netloop.Now() }

// TestStashIsItsOwn checks that a partial head is kept in its connection's own
// memory. In a buffer that serves others meanwhile, one client's bytes would
// become another client's request.
func TestStashIsItsOwn(t *testing.T) {
	p := newRig(t, "goroutine", nil).proxy
	const first, second = "GET /first HTTP/1.1\r\nHost: a", "GET /other HTTP/1.1\r\nHost: b"
	for range 100 { // with the race detector, a sync.Pool drops items at random
		v := p.Serve(clockTask{}, &halfHead{in: first})
		require.Equal(t, netloop.Rest, v.Op)
		p.Serve(clockTask{}, &halfHead{in: second})
		require.Equal(t, first, string(v.Stash))
	}
}
