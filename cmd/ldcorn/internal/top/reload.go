package top

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// reloading is what under has during a reload from here.
const reloading = "reloading"

// A stepMsg tells the model a step of its reload.
type stepMsg struct{ api.ReloadStep }

// A reloadedMsg tells the model that the answer to its reload has ended.
type reloadedMsg struct{ err error }

// Steps are what a reload has done so far.
type steps struct {
	lines    []string // about the reload itself
	groups   []string // in the order of their first steps
	texts    map[string]string
	applied  *api.Plan
	finished bool
	over     bool   // no step follows
	failed   string // why, in one or more lines
}

// note adds a step.
func (s *steps) note(e api.ReloadStep, words Words) {
	switch e.Kind {
	case api.StepTaken:
		s.lines = append(s.lines, "the master has taken the request")
	case api.StepWaiting:
		s.lines = append(s.lines, fmt.Sprintf("waiting for %s that has run for %s", e.Reason, control.Age(time.Duration(e.For*float64(time.Second)))))
	case api.StepBegun:
		s.lines = append(s.lines, "it reads the configuration")
	case api.StepRead:
		for _, w := range e.Warnings {
			s.lines = append(s.lines, fmt.Sprintf("warning[%s] %s: %s", w.Code, w.At, w.Message))
		}
	case api.StepApplied:
		s.applied = e.Report
		s.lines = append(s.lines, fmt.Sprintf("generation %d is in effect", e.Generation))
		for _, why := range e.Kept {
			s.lines = append(s.lines, "the certificate in use stays, as the new one cannot be used: "+why)
		}
		s.lines = append(s.lines, e.Certificates...)
	case api.StepFinished:
		s.finished = true
	case api.StepFailed:
		s.failed = words.Failed(e)
	default:
		s.group(e.Group, words.Step(e))
	}
}

// group notes what a step does to a group.
func (s *steps) group(name, text string) {
	if text == "" {
		return
	}
	if _, known := s.texts[name]; !known {
		s.groups = append(s.groups, name)
	}
	s.texts[name] = text
}

// end notes that no step follows.
func (s *steps) end(err error) {
	s.over = true
	switch {
	case s.failed != "" || s.finished && err == nil:
	case err != nil:
		s.failed = err.Error()
	default:
		s.failed = errEnded.Error()
	}
}

// verdict says how the reload has ended, or how far it is.
func (s *steps) verdict() note {
	switch {
	case s.failed != "":
		line, _, _ := strings.Cut(s.failed, "\n")
		return note{line, bad}
	case !s.over:
		return note{"the reload goes on", plain}
	case s.applied.Outcome() == api.OutcomePartial:
		return note{"reload applied, but not all of it: some needs --replace, or a stop and a start of ldcorn (P shows what)", warn}
	}
	return note{"reload applied", good}
}

// text returns the steps, a line each.
func (s *steps) text() string {
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(line + "\n")
	}
	for _, g := range s.groups {
		b.WriteString("  " + g + ": " + s.texts[g] + "\n")
	}
	if s.over {
		b.WriteString("\n")
		if v := s.verdict(); s.failed == "" {
			b.WriteString(v.text)
		} else {
			b.WriteString(s.failed)
		}
	}
	return b.String()
}

// running reports whether a reload from here goes on.
func (m *model) reloading() bool { return m.reloads != nil && !m.reloads.over }

// askReload asks whether to reload. If the user looks at a plan, only that is applied.
func (m *model) askReload() {
	want, text := api.ReloadRequest{}, "Apply the configuration and the code as they are now?"
	if m.pane != nil && m.pane.report != nil {
		want.Plan, text = m.pane.report, "Apply this plan?"
	}
	m.ask = &question{text, func() tea.Cmd { return m.reload(want) }}
}

// reload reloads, and shows the steps.
func (m *model) reload(want api.ReloadRequest) tea.Cmd {
	if want.Plan != nil {
		report := *want.Plan
		report.Record, report.Inputs, report.Diagnostics = nil, nil, nil // for people
		want.Plan = &report
	}
	m.under = append(m.under, reloading)
	m.reloads = &steps{texts: make(map[string]string)}
	m.pane = &pane{title: "Reload", steps: true}
	ctx, doer := m.ctx, m.doer
	return func() tea.Msg {
		stop := errors.New("given up")
		return reloadedMsg{doer.Reload(ctx, want, func(e api.ReloadStep) error {
			if ctx.Err() != nil {
				return stop
			}
			doer.send(stepMsg{e})
			return nil
		})}
	}
}
