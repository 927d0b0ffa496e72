package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// An accessSwitch is the access log of a master, which can be changed until the next
// reload. Any goroutine may call its methods.
type accessSwitch struct {
	access  *accesslog.Log
	answers func(want bool) // tells the proxy whether the log wants headers of answers
	log     *slog.Logger
	events  *event.Stream

	mu      sync.Mutex // guards all fields below, and is held while the log changes
	plan    *plan.Plan // whose log is in use; nil before the first
	changes accesslog.Changes
	since   time.Time // when it was changed; zero if it is as the plan says
}

// An accessOpening is what a plan needs, opened but not yet in use.
type accessOpening struct {
	*accesslog.Opening
	plan    *plan.Plan
	changes accesslog.Changes
	keep    bool // the changes stay
	at      time.Time
}

// open opens what the log of a plan needs. The caller must pass it to use or close it. keep
// says that the changes stay in effect with that plan.
func (a *accessSwitch) open(p *plan.Plan, keep bool) (*accessOpening, error) {
	a.mu.Lock()
	o := &accessOpening{plan: p, keep: keep, at: a.since}
	if keep {
		o.changes = a.changes
	}
	a.mu.Unlock()
	var err error
	o.Opening, err = a.access.OpenChanged(p, o.changes)
	return o, err
}

// use makes what open returned the log of all later lines.
func (a *accessSwitch) use(o *accessOpening) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plan = o.plan
	a.access.Use(o.Opening)
	if o.keep && a.since == o.at {
		return
	}
	if o.keep { // it was changed in the meantime
		if err := a.take(a.changes); err == nil {
			return
		}
	}
	if !a.since.IsZero() {
		a.changes, a.since = accesslog.Changes{}, time.Time{}
		a.answers(false)
		a.tell("as the configuration says", "reload")
	}
}

// take makes changes those in effect. mu must be held.
func (a *accessSwitch) take(changes accesslog.Changes) error {
	o, err := a.access.OpenChanged(a.plan, changes)
	if err != nil {
		return err
	}
	a.answers(a.changes.WantAnswers() || changes.WantAnswers()) // before the first line that has them
	a.access.Use(o)
	a.answers(changes.WantAnswers())
	if a.changes = changes; changes.IsZero() {
		a.since = time.Time{}
	} else {
		a.since = time.Now()
	}
	return nil
}

func (a *accessSwitch) tell(what, reason string) {
	a.log.Info("access log changed", "to", what, "reason", reason, "temporary", !a.since.IsZero())
	until := ""
	if !a.since.IsZero() {
		until = " until the next reload"
	}
	a.events.Emit(api.Event{Kind: api.EventAccessLog, Reason: fmt.Sprintf("%s%s: %s", what, until, reason)})
}

// Set changes the access log until the next reload.
func (a *accessSwitch) Set(want api.AccessLogRequest) (api.AccessLog, error) {
	change, err := changeOf(&want)
	if err != nil {
		return api.AccessLog{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.plan == nil {
		return api.AccessLog{}, errNoPlan
	}
	next := a.changes.With(want.Group, change)
	if want.Reset {
		next = a.changes.Without(want.Group)
	}
	if next.IsZero() && a.changes.IsZero() {
		return a.state(), nil
	}
	if err := a.take(next); err != nil {
		return api.AccessLog{}, err
	}
	a.tell(want.String(), "ldcorn access-log")
	return a.state(), nil
}

// changeOf returns the change that a request asks for.
func changeOf(want *api.AccessLogRequest) (accesslog.Change, error) {
	change := accesslog.Change{On: want.On, Format: plan.LogFormat(want.Format)}
	switch {
	case want.Format != "" && change.Format != plan.LogText && change.Format != plan.LogJSON:
		return change, fmt.Errorf("no format %q: want %s or %s", want.Format, plan.LogText, plan.LogJSON)
	case len(want.Fields) > plan.MaxLogFields:
		return change, fmt.Errorf("got %d fields: want at most %d", len(want.Fields), plan.MaxLogFields)
	case slices.Equal(want.Fields, []string{api.AccessLogDefaultFields}):
		change.Fields = []plan.LogField{}
	case want.Fields != nil:
		for _, name := range want.Fields {
			f := plan.LogField(name)
			if err := f.Check(); err != nil {
				return change, fmt.Errorf("a field %w", err)
			}
			change.Fields = append(change.Fields, f)
		}
		if twice := plan.TwiceIn(change.Fields); twice != "" {
			return change, fmt.Errorf("the field %q is there twice", string(twice))
		}
	}
	if change.IsZero() != want.Reset {
		return change, errors.New("say what to change, or reset it")
	}
	return change, nil
}

// Now returns what the access log has.
func (a *accessSwitch) Now() api.AccessLog {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state()
}

// Temporary returns it if it was changed, or nil.
func (a *accessSwitch) Temporary() *api.AccessLog {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since.IsZero() {
		return nil
	}
	now := a.state()
	return &now
}

// state is Now for a caller that holds mu.
func (a *accessSwitch) state() api.AccessLog {
	out := api.AccessLog{FormatVersion: api.ControlVersion, Logs: []api.AccessLogFor{}, Since: a.since}
	if a.plan == nil {
		return out
	}
	all := logFor("", a.changes.Settings(a.plan, nil))
	out.Logs = append(out.Logs, all)
	for _, g := range a.plan.Groups {
		one := logFor(g.Name, a.changes.Settings(a.plan, g))
		if one.String() != all.String() {
			out.Logs = append(out.Logs, one)
		}
	}
	return out
}

func logFor(group string, s plan.LogSettings) api.AccessLogFor {
	out := api.AccessLogFor{Group: group, To: string(s.To), Format: string(s.Format)}
	switch s.To {
	case plan.AccessLogAuto:
		out.To = api.AccessLogTerminal
	case plan.AccessLogOff:
		out.To = api.AccessLogOff
	case plan.AccessLogStdout:
		out.To = api.AccessLogStdout
	}
	if s.Format == "" {
		out.Format = string(plan.LogText)
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, string(f))
	}
	return out
}
