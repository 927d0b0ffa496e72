package netloop

// A connection whose peer always has more to send, and always takes more, would
// keep its loop forever. So every task works in turns: we count the bytes that
// it moves and its other work, and once the turn is used up, the task lets the
// others go first at its next read or write.

const (
	turnShare = 256 << 10 // bytes in a turn; other work counts as the bytes that cost the same
	callCost  = 4 << 10   // cost of a system call, in bytes that could be moved instead
	pieceCost = 128       // cost of a piece of work, see Task.Spend
)

// A turn counts how much a task has done since others last had a chance to run.
type turn struct{ used int }

// moved counts n bytes that one system call has moved or tried to move.
func (t *turn) moved(n int) { t.used += callCost + max(n, 0) }

// Spend is Task.Spend.
func (t *turn) Spend(pieces int) { t.used += pieces * pieceCost }

// over reports whether the turn is used up. If so, a new one begins.
func (t *turn) over() bool {
	if t.used < turnShare {
		return false
	}
	t.used = 0
	return true
}
