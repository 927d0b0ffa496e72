package config

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/router"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// route gives the plan its router and reports its mistakes: names of groups
// that do not exist, and failures for a sample request of each group.
func (e *evaluation) route(cfg *builtin.Config) {
	if e.report.Count(diag.Error) > 0 {
		return // the names of groups may be wrong
	}
	var groups []string
	for _, g := range cfg.Groups {
		groups = append(groups, g.Spec.Name)
	}
	for _, d := range e.session.Decisions() {
		e.checkGroup(d.Decide().Group, d.Span, d.Trace, groups, true)
	}
	if cfg.Router == nil {
		e.checkSettings(cfg, router.Code{})
		return
	}
	code := router.Read(cfg.Router, e.fileOf)
	e.checkCode(code)
	e.checkCerts(cfg.Plan, code)
	e.checkSettings(cfg, code)
	named := make(map[string]bool)
	for _, r := range router.Returns(cfg.Router, e.fileOf) {
		named[r.Group] = true
		e.checkGroup(r.Group, e.report.Sources.Span(r.Node), nil, groups, r.Sure)
	}
	e.checkRules(cfg, named, code)
	// From here on, code runs as it does for requests.
	e.session.Close()
	rt := router.New(router.Options{Func: cfg.Router, File: e.fileOf, Groups: groups, Steps: cfg.Plan.RouterSteps, Hidden: e.report.Hidden.Snapshot(), Log: e.opts.Log})
	cfg.Plan.Router = rt
	if e.report.Count(diag.Error) == 0 && !e.session.HasUnset() {
		e.try(rt, cfg.Plan)
	}
}

// checkCode reports calls in the router that would fail for each request, and
// tests of secrets.
func (e *evaluation) checkCode(code router.Code) {
	for _, c := range code.Calls {
		e.session.CheckCall(c.Word, c.Expr, c.Eval)
		if why := e.session.Late(c.Word); why != "" {
			message, label, _ := strings.Cut(why, ": ")
			e.report.Add(diag.Diagnostic{Code: codeLate, Severity: diag.Warning, Span: e.report.Sources.Span(c.Expr.Fn), Message: message, Label: label})
		}
	}
	for _, n := range code.Secrets {
		e.report.Add(diag.Diagnostic{Code: codeSecretTest, Severity: diag.Error, Span: e.report.Sources.Span(n),
			Message: "a secret cannot be compared with a text: they are never equal",
			Label:   "read what a request must have with `env`, not with `secret`"})
	}
}

// checkCerts warns about a router that reads the certificate of the client if no client
// has one.
func (e *evaluation) checkCerts(p *plan.Plan, code router.Code) {
	if p.AsksForCerts() {
		return
	}
	for _, n := range code.Certs {
		e.report.Add(diag.Diagnostic{Code: plan.CodeNeverAsked, Severity: diag.Warning, Span: e.report.Sources.Span(n),
			Message: "the router reads the certificate of the client, but no listener asks clients for one", Label: plan.AdviceToAsk})
	}
}

// checkRules warns about rules of the groups that the router names: their
// settings do not apply to the requests that it sends there. A router that sets
// such a setting itself is taken to know that.
func (e *evaluation) checkRules(cfg *builtin.Config, named map[string]bool, code router.Code) {
	for _, g := range cfg.Groups {
		for i := range g.Spec.Routes {
			r := &g.Spec.Routes[i]
			lost := r.Override != nil && (r.Override.Priority != nil && !code.Gives("to", "priority") || r.Override.RequestBuffer != nil && !code.Gives("to", "request_buffer"))
			if !named[g.Spec.Name] || !lost && r.RateLimit.IsZero() {
				continue
			}
			label := "set it in to(…), or return None to leave the request to the routes"
			if !r.RateLimit.IsZero() {
				label = "return None to leave the request to the routes, or set the rate_limit of the group"
			}
			e.report.Add(diag.Diagnostic{Code: codeLostRule, Severity: diag.Warning, Span: e.span(g, r), Trace: g.Trace,
				Message: fmt.Sprintf("the settings of %s do not apply to requests that the router sends to %s", r.Text(), value.Quote(g.Spec.Name)),
				Label:   label})
		}
	}
}

// fileOf returns the syntax of a file, or nil.
func (e *evaluation) fileOf(name string) *syntax.File {
	if m := e.names[name]; m != nil {
		return m.file
	}
	return nil
}

// checkGroup reports a name that the router returns and no group has.
func (e *evaluation) checkGroup(name string, at diag.Span, trace []diag.Frame, groups []string, sure bool) {
	for _, g := range groups {
		if g == name {
			return
		}
	}
	d := diag.Diagnostic{Code: codeGroup, Severity: diag.Error, Span: at, Trace: trace,
		Message: fmt.Sprintf("no WorkerGroup is named %s, which the router returns", value.Quote(name)),
		Label:   "the groups are " + quoted(groups)}
	switch near := diag.Near(name, groups); {
	case name == "" && !sure:
		return
	case name == "":
		d.Message, d.Label = "the router returns an empty name", "return None to leave a request to the routes"
	case near != "":
		d.Label = fmt.Sprintf("did you mean %q?", near)
	}
	if !sure {
		d.Code, d.Severity = codeMayBe, diag.Warning
		d.Message = fmt.Sprintf("no WorkerGroup is named %s, which the router may return", value.Quote(name))
	}
	e.report.Add(d)
}

const shownGroups = 8

func quoted(names []string) string {
	out := make([]string, min(len(names), shownGroups))
	for i := range out {
		out[i] = value.Quote(names[i])
	}
	if len(names) > shownGroups {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// try calls the router once for each group with a sample request.
func (e *evaluation) try(rt *router.Router, p *plan.Plan) {
	for _, group := range p.Groups {
		line := "GET " + samplePath(group)
		req, err := request.NewSample(line, request.SampleOptions{})
		if err != nil {
			continue // no request can match the route
		}
		said, why := rt.Try(req, e.report.Sources, func(thread *starlark.Thread, msg string) { e.print(thread, msg) })
		if why == nil {
			e.checkSaid(rt, p, &said)
			continue
		}
		detail := fmt.Sprintf("for the request %s, a sample for the group %q", line, group.Name)
		why.Detail = append(why.Detail, detail)
		e.report.Add(*why)
	}
}

// samplePath returns a path that matches a route of the group, if that is easy
// to tell, or "/".
func samplePath(group *plan.Group) string {
	for i := range group.Routes {
		if path, ok := SamplePath(&group.Routes[i]); ok {
			return path
		}
	}
	return "/"
}

// SamplePath returns a path that matches a route, if that is easy to tell.
func SamplePath(r *plan.Route) (path string, ok bool) {
	p := r.Pattern()
	if p == nil {
		return "", false
	}
	path = "/"
	switch p.Kind {
	case match.PatternStart:
		path = p.Literal
	case match.PatternGlob:
		path = strings.NewReplacer("**", "x", "*", "x", "?", "x", "{", "", "}", "").Replace(p.Text)
	}
	return path, p.Takes(path)
}
