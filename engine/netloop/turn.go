package netloop

// A connection whose peer always has more to send, and always takes more,
// would keep its loop for ever. So every task has turns: what it reads, writes
// and does beside that is counted, and once the turn is used up the task's
// next read or write lets the others go first.

const (
	turnShare = 256 << 10 // bytes in a turn; what costs as much counts as much
	callCost  = 4 << 10   // of a system call, in bytes that could be moved instead
	pieceCost = 128       // of a piece of work, see Task.Spend
)

// A turn counts what a task may still do before others have their turn.
type turn struct{ used int }

// moved counts n bytes that one system call has moved, or tried to.
func (t *turn) moved(n int) { t.used += callCost + max(n, 0) }

// Spend is that of Task.
func (t *turn) Spend(pieces int) { t.used += pieces * pieceCost }

// over reports whether the turn is used up. The next one begins with that.
func (t *turn) over() bool {
	if t.used < turnShare {
		return false
	}
	t.used = 0
	return true
}
