package hook

import (
	"context"
	"sync"

	"github.com/ldcorn/ldcorn/engine/api"
)

// maxQueue bounds the events that wait for a hook. The oldest make room for new ones.
const maxQueue = 256

// A queue holds the events that wait for a hook. Use newQueue: the zero value is not
// usable.
type queue struct {
	more chan struct{} // has capacity 1; a value means that there may be something to take

	mu      sync.Mutex // guards all below
	waiting []api.Event
	dropped uint64 // events since the last take that had no room
	ever    uint64 // the same since the beginning
	closed  bool   // no more events come
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

// add adds an event.
func (q *queue) add(e api.Event) {
	q.mu.Lock()
	if len(q.waiting) == maxQueue {
		q.waiting = q.waiting[1:]
		q.dropped++
		q.ever++
	}
	q.waiting = append(q.waiting, e)
	q.mu.Unlock()
	q.wake()
}

// drop counts events that were lost before they came to the queue.
func (q *queue) drop(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped += n
	q.ever += n
}

// close makes take return what is left, and then nothing.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take waits for an event, and returns it with the number of those that were dropped
// since the one before. It reports false when none comes any more, or ctx is done.
func (q *queue) take(ctx context.Context) (e api.Event, dropped uint64, ok bool) {
	for ctx.Err() == nil {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			e, dropped = q.waiting[0], q.dropped
			q.waiting, q.dropped = q.waiting[1:], 0
			q.mu.Unlock()
			return e, dropped, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return e, 0, false
		}
		select {
		case <-q.more:
		case <-ctx.Done():
		}
	}
	return e, 0, false
}

// droppedEver returns how many events were dropped since the beginning.
func (q *queue) droppedEver() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ever
}
