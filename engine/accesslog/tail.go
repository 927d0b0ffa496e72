package accesslog

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// tailRoom is how many lines wait for a reader of a Tail. More are lost.
const tailRoom = 256

// tailLayout is what the lines of a Tail have: what the log has by itself, without the
// query, which can hold secrets.
var tailLayout = sync.OnceValue(func() *layout {
	return newLayout(&plan.LogSettings{Format: plan.LogJSON, Sample: 1, Fields: []plan.LogField{
		plan.LogTime, plan.LogStatus, plan.LogMethod, plan.LogPath, plan.LogGroup, plan.LogWorker, plan.LogClient, plan.LogTook,
		plan.LogQueued, plan.LogBytes, plan.LogID, plan.LogKind, plan.LogReason}})
})

// A Tail shows requests as they end to those who watch. While nobody does, it costs one
// load for each request. The zero Tail is ready for use, and its methods are safe for
// concurrent use.
type Tail struct {
	watched atomic.Int32 // readers
	mu      sync.Mutex   // guards readers
	readers []*TailReader
}

// A TailFilter says which requests a reader wants.
type TailFilter struct {
	Groups []string      // empty means all requests, also those that reach no group
	Status int           // the least status; 0 means any
	Took   time.Duration // the least time
}

func (f *TailFilter) takes(r *result.Result) bool {
	return r.Status >= f.Status && r.Took >= f.Took && (len(f.Groups) == 0 || slices.Contains(f.Groups, r.Group))
}

// Observe implements result.Observer.
func (t *Tail) Observe(r *result.Result) {
	if t.watched.Load() == 0 {
		return
	}
	t.mu.Lock()
	readers := t.readers // a change makes another slice
	t.mu.Unlock()
	for _, to := range readers {
		if to.filter.takes(r) {
			to.add(r)
		}
	}
}

// Watch returns a reader of the requests that end from now on. The caller must close it.
func (t *Tail) Watch(filter TailFilter) *TailReader {
	r := &TailReader{tail: t, filter: filter, more: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readers = append(slices.Clone(t.readers), r)
	t.watched.Store(int32(len(t.readers)))
	return r
}

// A TailReader reads lines of JSON, one for each request.
type TailReader struct {
	tail   *Tail
	filter TailFilter
	more   chan struct{} // has an element if there may be lines

	mu    sync.Mutex // guards lines, count and lost
	lines []byte
	count int
	lost  uint64
}

// add adds a line, unless too many wait.
func (r *TailReader) add(of *result.Result) {
	r.mu.Lock()
	if r.count == tailRoom {
		r.lost++
	} else {
		r.count++
		r.lines = tailLayout().append(r.lines, of, time.Now(), false)
	}
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// Take returns the lines since the last call, and how many were lost after them, because
// the reader is too slow.
func (r *TailReader) Take() (lines []byte, lost uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines, lost = r.lines, r.lost
	r.lines, r.count, r.lost = nil, 0, 0
	return lines, lost
}

// Wait returns once there may be lines, or ctx is done.
func (r *TailReader) Wait(ctx context.Context) {
	select {
	case <-r.more:
	case <-ctx.Done():
	}
}

// Close ends the reading.
func (r *TailReader) Close() {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	r.tail.readers = slices.DeleteFunc(slices.Clone(r.tail.readers), func(o *TailReader) bool { return o == r })
	r.tail.watched.Store(int32(len(r.tail.readers)))
}
