package top

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// A doer asks the master to do something, and waits until it is done.
type doer interface {
	Plan(ctx context.Context, want api.PlanRequest) (*api.Plan, error)
	Reload(ctx context.Context, want api.ReloadRequest, tell func(api.ReloadStep) error) error
	Scale(ctx context.Context, group string, instances int) error
	Restart(ctx context.Context, group string) error
	RestartWorker(ctx context.Context, group string, worker int) error
	Hold(ctx context.Context, group string) error
	Release(ctx context.Context, group string) error
	send(tea.Msg) // to the model
}

// A clientDoer asks the master that a source has found last.
type clientDoer struct{ *source }

func (d *clientDoer) Plan(ctx context.Context, want api.PlanRequest) (*api.Plan, error) {
	return d.master.Load().Plan(ctx, want)
}

func (d *clientDoer) Reload(ctx context.Context, want api.ReloadRequest, tell func(api.ReloadStep) error) error {
	return d.master.Load().Reload(ctx, want, tell)
}

func (d *clientDoer) Scale(ctx context.Context, group string, instances int) error {
	return d.master.Load().Scale(ctx, group, instances)
}

func (d *clientDoer) Restart(ctx context.Context, group string) error {
	return d.master.Load().Restart(ctx, group)
}

func (d *clientDoer) RestartWorker(ctx context.Context, group string, worker int) error {
	return d.master.Load().RestartWorker(ctx, group, worker)
}

func (d *clientDoer) Hold(ctx context.Context, group string) error {
	return d.master.Load().Hold(ctx, group)
}

func (d *clientDoer) Release(ctx context.Context, group string) error {
	return d.master.Load().Release(ctx, group)
}

func (d *clientDoer) send(msg tea.Msg) { d.tell(msg) }

// A doneMsg tells the model that the master has done something, or why not.
type doneMsg struct {
	under string // what the model has in under
	text  string
	err   error
}

// do lets the master do something for the user.
func (m *model) do(under, done string, what func(context.Context) error) tea.Cmd {
	m.under = append(m.under, under)
	ctx := m.ctx
	return func() tea.Msg { return doneMsg{under, done, what(ctx)} }
}

// A planMsg tells the model the plan that it asked for.
type planMsg struct {
	plan *api.Plan
	err  error
}

// plan shows what a reload would do.
func (m *model) plan() tea.Cmd {
	m.pane = &pane{title: "Plan: what a reload would do", text: "the master reads its configuration", plan: true}
	ctx, doer := m.ctx, m.doer
	return func() tea.Msg {
		p, err := doer.Plan(ctx, api.PlanRequest{})
		return planMsg{p, err}
	}
}

// result handles what the master has done for the user.
func (m *model) result(msg tea.Msg) {
	switch msg := msg.(type) {
	case doneMsg:
		m.forget(msg.under)
		m.note = note{msg.text, good}
		if msg.err != nil {
			m.note = note{msg.under + ": " + msg.err.Error(), bad}
		}
		m.reader.look()
	case planMsg:
		if m.pane == nil || !m.pane.plan {
			return // the user has gone elsewhere
		}
		if m.pane.text = ""; msg.err != nil {
			m.pane.text = msg.err.Error()
			return
		}
		m.pane.report = msg.plan
	case stepMsg:
		m.reloads.note(msg.ReloadStep, m.opts.Words)
	case reloadedMsg:
		m.forget(reloading)
		m.reloads.end(msg.err)
		m.note = m.reloads.verdict()
		m.reader.look()
	}
}

// forget takes what is done out of under.
func (m *model) forget(under string) {
	for i, u := range m.under {
		if u == under {
			m.under = append(m.under[:i:i], m.under[i+1:]...)
			return
		}
	}
}

// A question is one that the user answers with y before something changes.
type question struct {
	text string
	yes  func() tea.Cmd
}

// restartWorker asks whether to replace the chosen worker.
func (m *model) restartWorker(group string, index int) {
	name := fmt.Sprintf("%s.%d", group, index)
	m.ask = &question{"Replace the worker " + name + "?", func() tea.Cmd {
		return m.do("restarting "+name, name+": restarted", func(ctx context.Context) error { return m.doer.RestartWorker(ctx, group, index) })
	}}
}

// restart, hold, release and scale ask whether to do that to the chosen group.
func (m *model) restart(group string) {
	m.ask = &question{"Replace the workers of " + group + ", one after another?", func() tea.Cmd {
		return m.do("restarting "+group, group+": restarted", func(ctx context.Context) error { return m.doer.Restart(ctx, group) })
	}}
}

func (m *model) hold(group string) {
	m.ask = &question{"Make the requests of " + group + " wait until they are released?", func() tea.Cmd {
		return m.do("holding "+group, group+": held", func(ctx context.Context) error { return m.doer.Hold(ctx, group) })
	}}
}

func (m *model) release(group string) {
	m.ask = &question{"Let the requests of " + group + " go on?", func() tea.Cmd {
		return m.do("releasing "+group, group+": released", func(ctx context.Context) error { return m.doer.Release(ctx, group) })
	}}
}

func (m *model) scale(group string, n int) {
	m.ask = &question{fmt.Sprintf("Run %s of %s until the next reload?", terminal.Count(n, "worker"), group), func() tea.Cmd {
		return m.do("scaling "+group, group+": scaled to "+terminal.Count(n, "worker"), func(ctx context.Context) error { return m.doer.Scale(ctx, group, n) })
	}}
}
