package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// restingConn is an idle connection to a worker.
type restingConn struct {
	netloop.Conn
	loop   *netloop.Loop
	until  netloop.Time
	dead   bool
	closed bool
}

func (c *restingConn) Loop() *netloop.Loop     { return c.loop }
func (c *restingConn) Rest(until netloop.Time) { c.until = until }
func (c *restingConn) Alive() bool             { return !c.dead }
func (c *restingConn) Close() error            { c.closed = true; return nil }
func (c *restingConn) CloseLater()             { c.closed = true }

// TestIdleIsOfItsLoop: a loop gets its own idle connections, most recent first,
// but never one of another loop, whether of the same driver or of another.
func TestIdleIsOfItsLoop(t *testing.T) {
	var loops []*netloop.Loop
	for _, name := range netloop.Drivers() {
		d, err := netloop.New(name, netloop.Options{Loops: 2})
		require.NoError(t, err)
		loops = append(loops, d.Loops()...)
	}
	w := NewWorker(0, 0, "")
	put := map[*netloop.Loop][]*restingConn{}
	for _, loop := range loops {
		assert.Nil(t, w.TakeIdle(loop), "none of its own was put yet")
		for n := range 3 {
			c := &restingConn{loop: loop, dead: n == 1}
			w.PutIdle(c, netloop.Time(n+1))
			assert.Equal(t, netloop.Time(n+1), c.until)
			put[loop] = append(put[loop], c)
		}
	}
	for _, loop := range loops {
		assert.Same(t, put[loop][2], w.TakeIdle(loop))
		assert.Same(t, put[loop][0], w.TakeIdle(loop), "the one between is dead")
		assert.Nil(t, w.TakeIdle(loop))
	}
	last := &restingConn{loop: loops[0]}
	w.PutIdle(last, 0)
	w.CloseIdle()
	assert.True(t, last.closed)
	late := &restingConn{loop: loops[0]}
	w.PutIdle(late, 0)
	assert.True(t, late.closed, "the worker is retired")
}
