package netloop

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTurn checks that bytes, calls and pieces of work all use up a turn, also
// together.
func TestTurn(t *testing.T) {
	for why, step := range map[string]func(*turn){
		"bytes":  func(t *turn) { t.moved(32 << 10) },
		"calls":  func(t *turn) { t.moved(0) },
		"failed": func(t *turn) { t.moved(-1) },
		"pieces": func(t *turn) { t.Spend(100) },
		"both":   func(t *turn) { t.moved(10); t.Spend(3) },
	} {
		t.Run(why, func(t *testing.T) {
			var turn turn
			for range 2 {
				n := 0
				for !turn.over() {
					step(&turn)
					n++
				}
				assert.Greater(t, n, 1)
				assert.LessOrEqual(t, n, turnShare/callCost)
			}
		})
	}
}
