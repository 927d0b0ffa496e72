package tests

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A question holds the arguments of a call of t.route.
type question struct {
	line    string
	options request.SampleOptions
	want    want
}

// A want is the expected outcome of a request. A nil field accepts anything.
type want struct {
	group, location, static *string
	status                  *int
}

// A subject is a plan whose decisions a test checks.
type subject struct {
	plan    *plan.Plan
	decider *decide.Explainer
}

// route implements t.route. The arguments are in the order of the table.
func (h *handle) route(thread *starlark.Thread, args []starlark.Value) (starlark.Value, error) {
	return h.runner.route(thread, h.runner.subject, args)
}

// route decides a request as a plan says.
func (r *runner) route(thread *starlark.Thread, of subject, args []starlark.Value) (starlark.Value, error) {
	q, err := readQuestion(args)
	if err != nil {
		return nil, err
	}
	req, err := of.decider.Sample(q.line, q.options)
	var refused *head.Error
	switch {
	case errors.As(err, &refused):
		o := decide.Outcome[string]{Refusal: &decide.Refusal{Status: refused.Status, Reason: refused.Reason}}
		r.expect(thread, of.plan, q, o)
		return r.outcome(thread, q, outcome{of: o}), nil
	case err != nil:
		r.fail(thread, "request", diag.Diagnostic{Message: err.Error()})
		return &outcome{seen: true}, nil
	}
	o, asked := of.decider.DecideBeyond(req)
	if o.Route != nil {
		r.hits[o.Route]++
	}
	r.expectStatic(thread, of.plan, q, o, asked)
	r.expect(thread, of.plan, q, o)
	out := outcome{of: o, asked: asked, group: of.plan.Group(o.Group), settings: of.decider.Settings(req, &o)}
	return r.outcome(thread, q, out), nil
}

// outcome completes the result of t.route. A question without an expectation is a
// failure unless the test uses its outcome.
func (r *runner) outcome(thread *starlark.Thread, q question, out outcome) *outcome {
	out.seen = q.want != want{}
	if !out.seen {
		r.unseen = append(r.unseen, unseen{&out.seen, r.failure(thread, "", diag.Diagnostic{
			Message: q.line + " has no expectation: `to`, `status`, `static` and `location` are missing",
			Label:   says(out.of),
			Hint:    "add one of to=, status=, static= and location=, or use the result of t.route",
		})})
	}
	return &out
}

// An unseen is an outcome, or a plan with errors, that the test has not used yet, and
// the failure to report if it never does.
type unseen struct {
	seen    *bool // of the value
	failure diag.Diagnostic
}

// blame reports the questions that checked nothing, and the plans with errors.
func (r *runner) blame() {
	for _, u := range r.unseen {
		if !*u.seen {
			r.result.Failures = append(r.result.Failures, u.failure)
		}
	}
}

// readQuestion reads the arguments of t.route.
func readQuestion(args []starlark.Value) (q question, err error) {
	read := func(name string, err error) error {
		if err != nil {
			return fmt.Errorf("`%s` %w", name, err)
		}
		return nil
	}
	q.line, err = value.String(args[0])
	if err != nil {
		return q, read("request", err)
	}
	if q.want.group, err = optional(args[1]); err != nil {
		return q, read("to", err)
	}
	if v := args[2]; v != nil && v != starlark.None {
		n, err := value.Int(v, 100, 599)
		if err != nil {
			return q, read("status", err)
		}
		q.want.status = &n
	}
	if q.want.location, err = optional(args[3]); err != nil {
		return q, read("location", err)
	}
	headers, err := pairs(args[4])
	if err != nil {
		return q, read("headers", err)
	}
	cookies, err := pairs(args[5])
	if err != nil {
		return q, read("cookies", err)
	}
	q.options.Headers = headers
	if len(cookies) > 0 {
		var parts []string
		for _, c := range cookies {
			parts = append(parts, c.Name+"="+c.Value)
		}
		q.options.Headers = append(q.options.Headers, request.Header{Name: "Cookie", Value: strings.Join(parts, "; ")})
	}
	if args[6] != nil {
		text, err := value.String(args[6])
		if err == nil {
			q.options.ClientIP, err = netip.ParseAddr(text)
		}
		if err != nil {
			return q, fmt.Errorf("`client_ip` is not an address: %s", shown(args[6]))
		}
	}
	if q.want.static, err = optional(args[7]); err != nil {
		return q, read("static", err)
	}
	if q.options.ClientCert, err = clientCert(args[8]); err != nil {
		return q, read("client_cert", err)
	}
	return q, nil
}

// noGroup returns a diagnostic for a name that no group has.
func noGroup(in *plan.Plan, name string) diag.Diagnostic {
	var names []string
	for _, p := range in.Groups {
		names = append(names, p.Name)
	}
	d := diag.Diagnostic{Message: fmt.Sprintf("no WorkerGroup is named %q", name)}
	if near := diag.Near(name, names); near != "" {
		d.Label = fmt.Sprintf("did you mean %q?", near)
	}
	return d
}

func optional(v starlark.Value) (*string, error) {
	if v == nil || v == starlark.None {
		return nil, nil
	}
	s, err := value.String(v)
	return &s, err
}

// pairs reads a dict of strings.
func pairs(v starlark.Value) ([]request.Header, error) {
	if v == nil {
		return nil, nil
	}
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return nil, value.WrongType(`a dict, such as {"x-name": "value"}`, v, "")
	}
	var out []request.Header
	for _, item := range dict.Items() {
		name, err := value.String(item[0])
		if err != nil {
			return nil, err
		}
		text, err := value.NumberString(item[1])
		if err != nil {
			return nil, err
		}
		out = append(out, request.Header{Name: name, Value: text})
	}
	return out, nil
}

// expect compares the outcome of a request with the expected one.
func (r *runner) expect(thread *starlark.Thread, in *plan.Plan, q question, o decide.Outcome[string]) {
	w := q.want
	wrong := func(argument, format string, args ...any) {
		d := diag.Diagnostic{Label: by(o)}
		d.Message = fmt.Sprintf("%s %s, not ", q.line, says(o)) + fmt.Sprintf(format, args...)
		switch {
		case o.Failed != nil:
			d.Detail = []string{o.Failed.Error()}
		case refused(o):
			d.Detail = []string{o.Refusal.Reason}
		}
		r.fail(thread, argument, d)
	}
	switch {
	case w.group != nil && in.Group(*w.group) == nil:
		r.fail(thread, "to", noGroup(in, *w.group))
	case w.group != nil && o.Group != *w.group:
		wrong("to", "to %q", *w.group)
	case w.status != nil && o.Status() != *w.status:
		wrong("status", "answered with %d", *w.status)
	case w.location != nil && o.Location() != *w.location:
		wrong("location", "redirected to %q", *w.location)
	}
}

// expectStatic compares the static that was asked for a file with the expected one.
func (r *runner) expectStatic(thread *starlark.Thread, in *plan.Plan, q question, o decide.Outcome[string], asked *plan.Static) {
	want := q.want.static
	switch {
	case want == nil || asked != nil && asked.Prefix == *want:
	case !slices.ContainsFunc(in.Statics, func(s plan.Static) bool { return s.Prefix == *want }):
		r.fail(thread, "static", diag.Diagnostic{Message: fmt.Sprintf("no static has the prefix %q", *want)})
	case asked != nil:
		r.fail(thread, "static", diag.Diagnostic{Message: fmt.Sprintf("%s asks static(%q), not static(%q)", q.line, asked.Prefix, *want)})
	default:
		r.fail(thread, "static", diag.Diagnostic{Message: fmt.Sprintf("%s %s, and asks no static", q.line, says(o)), Label: by(o)})
	}
}

// says describes an outcome as the verb of a sentence.
func says(o decide.Outcome[string]) string {
	switch {
	case o.Static != nil && o.Refusal == nil:
		return fmt.Sprintf("is answered by static(%q)", o.Static.Prefix)
	case o.Group != "":
		return fmt.Sprintf("goes to %q", o.Group)
	case o.Location() != "":
		return fmt.Sprintf("is answered with %d and redirected to %q", o.Status(), o.Location())
	}
	return fmt.Sprintf("is answered with %d", o.Status())
}

// by says who decided the outcome.
func by(o decide.Outcome[string]) string {
	switch {
	case o.Probe != "":
		return fmt.Sprintf("ldcorn itself answers `%s`", o.Probe)
	case o.Refusal == decide.RouterFailed:
		return "the router failed"
	case refused(o):
		return "the request is refused"
	case o.ByRouter():
		return "the router decided"
	case o.Static != nil:
		return "taken by " + o.Static.String()
	case o.Route != nil && o.Route.IsDefault():
		return `no route takes it but "*"`
	case o.Route != nil:
		return "taken by " + o.Route.Written()
	}
	return "no route takes it"
}

// refused reports whether a request is refused regardless of the routes.
func refused(o decide.Outcome[string]) bool {
	return o.Refusal != nil && o.Refusal != decide.NoRoute && o.Refusal != decide.RouterFailed
}

// statusOf returns the status of an outcome, or None if the app decides it.
func statusOf(o decide.Outcome[string]) starlark.Value {
	if o.Status() == 0 {
		return starlark.None
	}
	return starlark.MakeInt(o.Status())
}
