package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A job is a reload that somebody requested.
type job struct {
	ctx  context.Context // once done, drop the job unless it has begun
	want api.ReloadRequest
	tell func(api.ReloadStep)
	// saved is not nil if files were saved under --watch: the job brings only
	// those into effect.
	saved *saved
}

// sameAs reports whether one reload can serve both jobs. A job that applies a
// plan from a file never shares a reload: after one, the plan is out of date. Nor does
// one that sets arguments: the last one must win. Nor does one for saved files: it
// takes what was saved.
func (j *job) sameAs(o *job) bool {
	switch {
	case j.want.Plan != nil || o.want.Plan != nil, j.want.All != o.want.All, !j.want.IsZero(), !o.want.IsZero(), j.saved != nil || o.saved != nil:
		return false
	case j.want.All:
		return true
	}
	return slices.Equal(sorted(j.want.Replace), sorted(o.want.Replace))
}

// sorted returns the names in order and without duplicates.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// A reloadQueue holds the requested reloads that have not begun. Use
// newReloadQueue: the zero value is not usable.
type reloadQueue struct {
	mu    sync.Mutex    // guards asked
	asked []*job        // in order of arrival
	more  chan struct{} // has capacity 1; a value means that asked may not be empty
}

func newReloadQueue() *reloadQueue { return &reloadQueue{more: make(chan struct{}, 1)} }

// add appends a job.
func (q *reloadQueue) add(j *job) {
	q.mu.Lock()
	q.asked = append(q.asked, j)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take removes the first job that a client still waits for and all jobs that
// the same reload can serve, and returns them as one job that reports to all of
// them, or nil if there is none. It also removes the jobs that nobody waits for
// any more, and returns their number.
func (q *reloadQueue) take() (all *job, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.asked)
	q.asked = slices.DeleteFunc(q.asked, func(j *job) bool { return j.ctx.Err() != nil })
	dropped = before - len(q.asked)
	if len(q.asked) == 0 {
		return nil, dropped
	}
	first := q.asked[0]
	served := []*job{first}
	var rest []*job
	for _, j := range q.asked[1:] {
		if first.sameAs(j) {
			served = append(served, j)
		} else {
			rest = append(rest, j)
		}
	}
	q.asked = rest
	return &job{want: first.want, saved: first.saved, tell: func(s api.ReloadStep) {
		for _, j := range served {
			j.tell(s)
		}
	}}, dropped
}
