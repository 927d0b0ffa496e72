package engine

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// state returns how the last reload went, and which reload or scaling is in
// progress. Either can be nil. It is safe to call from any goroutine.
func (r *reloader) state() (last *api.Reload, now *api.Running) {
	return r.last.Load(), running(r.begun.Load(), r.sup.Activity())
}

// publicState is the part of state that anybody may know.
func (r *reloader) publicState() (last *control.PublicReload, now *api.Running) {
	of, now := r.state()
	return publicReload(of), now.Public()
}

// publicReload removes what workers wrote, and the arguments of commands. It returns nil
// for nil.
func publicReload(r *api.Reload) *control.PublicReload {
	if r == nil {
		return nil
	}
	out := &control.PublicReload{At: r.At, Failed: r.Public}
	if out.Failed != r.Error {
		out.Failed += " (ldcorn status says more)"
	}
	return out
}

// running combines the reload in progress since begun with the supervisor's
// activity. Either can be nil, and a reload may be waiting for a scaling.
func running(begun *time.Time, a *supervisor.Activity) *api.Running {
	switch {
	case begun != nil && a == nil:
		return &api.Running{What: api.RunningReload, Since: *begun}
	case begun != nil && a.Scaled == "":
		return &api.Running{What: api.RunningReload, Since: *begun, Waits: a.Waits, Reason: a.Reason, PublicReason: a.PublicReason}
	case begun != nil:
		return &api.Running{What: api.RunningReload, Since: *begun, Reason: "ldcorn scale " + a.Scaled + " comes first"}
	case a != nil && a.Scaled != "":
		return &api.Running{What: api.RunningScale, Group: a.Scaled, Since: a.Since, Waits: a.Waits, Reason: a.Reason}
	}
	return nil // nothing, or the first plan
}

// busy returns what a reload would have to wait for, or "" if nothing.
func (r *reloader) busy() (what string, since time.Time) {
	begun, a := r.begun.Load(), r.sup.Activity()
	switch {
	case begun != nil:
		return "the reload", *begun
	case a == nil:
		return "", since
	case a.Scaled != "":
		return "the scaling of " + a.Scaled, a.Since
	}
	return "the start of the master", a.Since
}

// delay returns how long the master serves on after it was told to stop: not at all
// if it does not serve yet, or for the person who edits its files. Any goroutine may
// call it.
func (r *reloader) delay() time.Duration {
	if r.files != nil || !r.serving() {
		return 0
	}
	now, _ := r.sup.InEffect()
	return now.ShutdownDelay
}

// serving reports whether the first plan is in effect.
func (r *reloader) serving() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}
