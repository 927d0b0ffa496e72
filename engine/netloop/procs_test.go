package netloop_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestProcs checks that each loop counts as a processor, and so does the work
// beside the loops.
func TestProcs(t *testing.T) {
	procs := func(t *testing.T, name string, loops, beside int) (netloop.Driver, int) {
		d, err := netloop.New(name, netloop.Options{Loops: loops, Beside: beside})
		require.NoError(t, err)
		return d, d.Procs()
	}
	drivers(t, func(t *testing.T, name string) {
		d, alone := procs(t, name, 0, 0)
		assert.GreaterOrEqual(t, alone, len(d.Loops()))
		_, with := procs(t, name, 0, 2)
		assert.Equal(t, alone+2, with)
		if name != "goroutine" { // it has only a nominal loop
			_, three := procs(t, name, 3, 1)
			assert.Equal(t, 4, three)
		}
	})
}
