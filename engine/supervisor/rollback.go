package supervisor

import "slices"

// back undoes the completed turns after a failure. If the supervisor is
// stopping, there is nothing to undo.
func (r *roll) back(cause error) error {
	abort(r.steps)
	if r.done == 0 || r.s.life.Err() != nil {
		return cause
	}
	r.s.opts.Log.Warn("rolling back replaced workers", "workers", r.done, "err", cause)
	failed := &RollbackError{Err: cause}
	undo := slices.Clone(r.turns[:r.done])
	slices.Reverse(undo)
	restored := make(map[*step]int)
	for batch := range slices.Chunk(undo, r.atOnce) {
		failed.Left = append(failed.Left, r.restore(batch, restored)...)
	}
	for _, st := range r.steps {
		failed.Restored += restored[st]
		if restored[st] > 0 && restored[st] == r.doneOf(st) { // no worker is left that was promised the lower cap
			st.group.do(func() { st.group.pool.Configure(st.group.spec) })
		}
	}
	return failed
}

// restore rolls replaced workers back and returns the reasons why it could not.
func (r *roll) restore(turns []*turn, restored map[*step]int) (failures []error) {
	begun := make([]*launch, len(turns)) // one each, so that a failure does not affect the others
	for i, t := range turns {
		g := t.step.group
		company := restored[t.step] > 0 || r.doneOf(t.step) < t.step.change.Replaced()
		var back target
		g.do(func() {
			back = g.target
			g.seats[t.index].target = back
		})
		begun[i] = newLaunch()
		t.succession = begun[i].add(g, back, company, []int{t.index}).successions[0]
	}
	var ending []*member
	for i, t := range turns {
		g, st := t.step.group, t.step
		err := begun[i].await(r.s.life, r.watch.onTrial())
		if err == nil {
			var old *member
			var died *StartError
			g.do(func() { old, died = g.advance(t.succession) })
			if died != nil {
				err = died
			} else if old != nil {
				ending = append(ending, old)
			}
		}
		if err != nil {
			stop([]*turn{t})
			failures = append(failures, err)
			continue
		}
		restored[st]++
		p := st.progress(StepRestored, restored[st])
		p.Workers = r.doneOf(st)
		r.opts.tell(p)
	}
	_ = awaitOver(r.s.life, ending) // on error the master is stopping, and the workers with it
	return failures
}
