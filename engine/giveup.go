package engine

import (
	"context"
	"errors"
	"slices"
)

// errNewer ends a job whose files were saved again before it was done: a slow
// start of code that is out of date is not waited for.
var errNewer = errors.New("saved again before the new workers were ready")

// maxGivenUp is how many jobs in a row are given up, so that code which is saved
// all the time gets into effect.
const maxGivenUp = 5

// A doing is the job in progress.
type doing struct {
	saved  *saved // nil if there is none, or none that may be given up
	cancel context.CancelCauseFunc
	times  int // in a row that a job was given up
}

// giveUp gives the job up if it would have to be done again for what was saved.
func (d *doing) giveUp(s *saved) {
	if d.saved == nil || d.times >= maxGivenUp || !d.saved.overlaps(s) {
		return
	}
	d.times++
	d.cancel(errNewer)
	d.saved = nil
}

// overlaps reports whether two saves concern the same workers.
func (s *saved) overlaps(o *saved) bool {
	return s.config || o.config || slices.ContainsFunc(s.groups, func(group string) bool { return slices.Contains(o.groups, group) })
}

// during returns a context for bringing into effect what was saved, which ends
// early with errNewer as its cause if it is saved again. The caller must call
// done, and say whether it is in effect.
func (w *watching) during(ctx context.Context, s *saved) (_ context.Context, done func(applied bool)) {
	if w == nil || s == nil {
		return ctx, func(bool) {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w.mu.Lock()
	w.doing.saved, w.doing.cancel = s, cancel
	w.mu.Unlock()
	return ctx, func(applied bool) {
		cancel(nil)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.doing.saved = nil
		if applied {
			w.doing.times = 0
		}
	}
}
