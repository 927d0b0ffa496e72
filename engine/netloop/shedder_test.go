package netloop

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A shedderFunc is a Handler that is a Shedder, too.
type shedderFunc func(n int, since Time) int

func (shedderFunc) Serve(Task, Conn) Verdict         { return Verdict{} }
func (f shedderFunc) Shed(n int, since Time) (m int) { return f(n, since) }

// TestShedHeld checks that the Shedder ends a few connections at once that are not
// young, and is not asked again while these are about to end.
func TestShedHeld(t *testing.T) {
	calls := 0
	d := newDescriptors(&Options{Log: slog.New(slog.DiscardHandler), Handler: shedderFunc(func(n int, since Time) int {
		calls++
		assert.Equal(t, heldAtOnce, n)
		assert.LessOrEqual(t, since, Now()-Time(shedAge))
		return n
	})})
	d.shedHeld()
	assert.Equal(t, 1, calls)
	d.shedding.nextAt.Store(int64(Now().Add(time.Hour)))
	d.shedHeld()
	assert.Equal(t, 1, calls)
	d.shedding.nextAt.Store(0)
	d.shedHeld()
	assert.Equal(t, 2, calls)
}

// TestShedHeldLast checks that the Shedder is asked only if no client rests with the
// driver, and that what it ends is no room yet.
func TestShedHeldLast(t *testing.T) {
	calls := 0
	ask := shedderFunc(func(n int, _ Time) int { calls++; return n })
	d := NewGoroutine(Options{Log: slog.New(slog.DiscardHandler), Handler: ask}).(*goroutines)
	assert.False(t, d.shedClient())
	assert.Equal(t, 1, calls)
}
