package netloop_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestLoops checks that a task, its client's connection and the connections
// that it dials belong to one loop, and that the loop belongs to this driver
// alone.
func TestLoops(t *testing.T) {
	seen := map[*netloop.Loop]bool{}
	drivers(t, func(t *testing.T, name string) {
		up := holder(t, "")
		got := make(chan [4]*netloop.Loop, 1)
		addr, d := serve(t, name, netloop.Options{Loops: 2}, func(task netloop.Task, c netloop.Conn) netloop.Verdict {
			u, err := task.Dial(up, 0)
			if err != nil {
				return netloop.Verdict{}
			}
			defer u.Close()
			loops := [4]*netloop.Loop{task.Loop(), c.Loop(), u.Loop()}
			task.Fork(func(task netloop.Task) { loops[3] = task.Loop() }).Wait(task)
			got <- loops
			return netloop.Verdict{}
		})
		for _, loop := range d.Loops() {
			assert.False(t, seen[loop])
			assert.Contains(t, loop.String(), name)
			seen[loop] = true
		}
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		loops := <-got
		assert.Contains(t, d.Loops(), loops[0])
		for _, loop := range loops {
			assert.Same(t, loops[0], loop)
		}
	})
}
