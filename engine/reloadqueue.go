package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A job is a reload that somebody has asked for.
type job struct {
	ctx  context.Context // done: nobody waits for a reload that has not begun
	want api.ReloadRequest
	tell func(api.ReloadStep)
}

// sameAs reports whether one reload can serve both jobs. One that applies a plan
// from a file never shares: after it, the plan is out of date.
func (j *job) sameAs(o *job) bool {
	switch {
	case j.want.Plan != nil || o.want.Plan != nil, j.want.All != o.want.All:
		return false
	case j.want.All:
		return true
	}
	return slices.Equal(sorted(j.want.Replace), sorted(o.want.Replace))
}

// sorted returns each of some names once, in order.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// A reloadQueue has the reloads that were asked for and have not begun. Its zero
// value is not ready for use.
type reloadQueue struct {
	mu    sync.Mutex    // guards asked
	asked []*job        // in the order in which they came
	more  chan struct{} // holds one: there may be some
}

func newReloadQueue() *reloadQueue { return &reloadQueue{more: make(chan struct{}, 1)} }

// add puts a job at the end.
func (q *reloadQueue) add(j *job) {
	q.mu.Lock()
	q.asked = append(q.asked, j)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take removes the first job that somebody still waits for, with all jobs that it
// serves as well, and returns them as one, which tells all of them. It returns nil
// if there is none, and the number of jobs that nobody waits for any more, which
// are gone.
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
	return &job{want: first.want, tell: func(s api.ReloadStep) {
		for _, j := range served {
			j.tell(s)
		}
	}}, dropped
}
