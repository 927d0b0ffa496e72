package config

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/router"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// checkSettings warns about settings of to that do nothing in the group that gets
// the request: a key for turns in a group without `fair`, and a priority in a group
// whose requests do not wait.
func (e *evaluation) checkSettings(cfg *builtin.Config, code router.Code) {
	for _, d := range e.session.Decisions() {
		to := d.Decide()
		group := cfg.Plan.Group(to.Group)
		if group == nil {
			continue // reported, or an answer
		}
		if to.Fair != "" {
			e.idleSetting(group, "fair", cfg.Plan, d.Span, d.Trace)
		}
		if to.Override != nil && to.Override.Priority != nil {
			e.idleSetting(group, "priority", cfg.Plan, d.Span, d.Trace)
		}
	}
	for _, call := range code.Calls {
		if call.Word == "to" {
			e.checkTo(cfg.Plan, call)
		}
	}
}

// checkTo is checkSettings for one call in the router.
func (e *evaluation) checkTo(p *plan.Plan, call router.Call) {
	var group *plan.Group
	if name, ok := groupOf(call); ok {
		if group = p.Group(name); group == nil {
			return // reported
		}
	}
	for _, arg := range call.Expr.Args {
		name, val := namedArgument(arg)
		if name != "fair" && name != "priority" {
			continue
		}
		if v := call.Eval(val); v == starlark.None || v == starlark.String("") {
			continue
		}
		e.idleSetting(group, name, p, e.report.Sources.Span(arg.(*syntax.BinaryExpr).X), nil)
	}
}

// checkSaid warns about a key for turns in what the router has returned, if no call
// of to in its code shows it.
func (e *evaluation) checkSaid(rt *router.Router, p *plan.Plan, said *plan.Decision) {
	if said.Fair == "" || slices.ContainsFunc(e.report.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == codeIdleSetting }) {
		return
	}
	pos := rt.Pos()
	e.idleSetting(p.Group(said.Group), "fair", p, diag.Span{File: pos.File, Line: pos.Line, Col: pos.Col}, nil)
}

// groupOf returns the group that a call of to names, if that is the same in every
// call of the router.
func groupOf(call router.Call) (string, bool) {
	for i, arg := range call.Expr.Args {
		name, val := namedArgument(arg)
		if i == 0 && name == "" {
			val = arg
		} else if name != "group" {
			continue
		}
		s, ok := call.Eval(val).(starlark.String)
		return string(s), ok
	}
	return "", false
}

// namedArgument returns the name of an argument and its value, or "" if it is given
// by position.
func namedArgument(arg syntax.Expr) (string, syntax.Expr) {
	if named, ok := arg.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
		if id, ok := named.X.(*syntax.Ident); ok {
			return id.Name, named.Y
		}
	}
	return "", nil
}

// idleSetting warns about a setting of to if the group does not use it, or if no
// group does and the group is not known.
func (e *evaluation) idleSetting(group *plan.Group, name string, p *plan.Plan, at diag.Span, trace []diag.Frame) {
	groups := p.Groups
	lacks := "no group has"
	if group != nil {
		groups, lacks = []*plan.Group{group}, fmt.Sprintf("group %s has no", value.Quote(group.Name))
	}
	for _, g := range groups {
		if usesSetting(g, name) {
			return
		}
	}
	d := diag.Diagnostic{Code: codeIdleSetting, Severity: diag.Warning, Span: at, Trace: trace,
		Message: fmt.Sprintf("`priority` of to has no effect: %s `max_req_per_worker` or `limits`, so no request waits", lacks),
		Label:   "add max_req_per_worker=N to the group, or remove it"}
	if name == "fair" {
		d.Message = fmt.Sprintf("`fair` of to has no effect: %s `fair`", lacks)
		d.Label = "add fair=by_client_ip() or another key to the group, for requests without a key of the router"
	}
	e.report.Add(d)
}

// usesSetting reports whether a setting of to does something in a group.
func usesSetting(g *plan.Group, name string) bool {
	if name == "fair" {
		return g.Fair.By != match.KeyNone
	}
	return g.HasCap()
}
