package config

import (
	"context"
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// configName is the global that holds the configuration.
const configName = "config"

// conclude checks the result of the evaluation and returns the plan, with the
// words that made it, or nil if there are errors.
func (e *evaluation) conclude(ctx context.Context, entry *module) (*plan.Plan, *builtin.Config) {
	stopped := entry.globals[configName] == nil && e.report.Count(diag.Error) > 0
	cfg, ok := entry.globals[configName].(*builtin.Config)
	if !ok {
		if !stopped {
			e.noConfig(entry)
		}
		return nil, nil
	}
	if e.report.Count(diag.Error) == 0 {
		e.session.CheckArgs(entry.name) // otherwise some may not have been declared
	}
	e.route(cfg)
	e.check(ctx, cfg)
	if e.report.Count(diag.Error) > 0 {
		e.dropWarnings()
		return nil, nil
	}
	e.unused()
	e.unusedNames(entry)
	e.dropIgnored()
	p := cfg.Plan
	p.Path, p.Python, p.Inputs, p.Fingerprint = entry.path, e.use, e.inputs.list, e.inputs.fingerprint()
	p.Args, p.Set = e.session.Args(), e.opts.Set
	giveEnv(p, e.world.variables(nil))
	giveEnv(p, e.opts.fileVariables())
	return p, cfg
}

// check reports conflicts between the parts of the plan.
func (e *evaluation) check(ctx context.Context, cfg *builtin.Config) {
	groups := make(map[*plan.Group]*builtin.Group)
	for _, g := range cfg.Groups {
		groups[g.Spec] = g
	}
	listeners := make(map[*plan.Listener]*builtin.Listener)
	for i, l := range cfg.Listeners {
		listeners[&cfg.Plan.Listeners[i]] = l
	}
	for _, p := range plan.Validate(ctx, cfg.Plan) {
		if g := groups[p.Place.Group]; g != nil && g.Wrong[p.Lacks] || g == nil && cfg.Wrong[p.Lacks] {
			continue // it is there, and was reported
		}
		d := diag.Diagnostic{Code: p.Code, Severity: diag.Error, Message: p.Message, Label: p.Label, Span: argument(cfg.Values, p.Place.Argument, cfg.Span)}
		if p.Warning {
			d.Severity = diag.Warning
		}
		if l := listeners[p.Place.Listener]; l != nil {
			d.Span, d.Trace = argument(l.Values, p.Place.Argument, l.Span), l.Trace
		}
		if other := listeners[p.Other.Listener]; other != nil {
			d.Related = []diag.Related{{Span: argument(other.Values, p.Other.Argument, other.Span), Label: p.Said}}
			tellApart(&d, other.Trace)
		}
		if g := groups[p.Place.Group]; g != nil {
			d.Span, d.Trace = argument(g.Values, p.Place.Argument, e.span(g, p.Place.Route)), g.Trace
		}
		if other := groups[p.Other.Group]; other != nil {
			d.Related = []diag.Related{{Span: argument(other.Values, p.Other.Argument, e.span(other, p.Other.Route)), Label: p.Said}}
			tellApart(&d, other.Trace)
		}
		if !e.isUnit(&d) {
			e.report.Add(d)
		}
	}
}

// isUnit reports whether a diagnostic says of a value that it is too small, of which
// another one says that it most likely has the wrong unit.
func (e *evaluation) isUnit(d *diag.Diagnostic) bool {
	return d.Code == plan.CodeShortBuffer && slices.ContainsFunc(e.report.Diagnostics, func(o diag.Diagnostic) bool {
		return o.Code == codeUnit && o.Span == d.Span
	})
}

// tellApart moves the spans to the calls if one piece of code made both things:
// the code itself tells the reader little.
func tellApart(d *diag.Diagnostic, other []diag.Frame) {
	if d.Related[0].Span != d.Span {
		return
	}
	for i := len(d.Trace) - 1; i >= 0 && i < len(other); i-- {
		if d.Trace[i].Span != other[i].Span {
			d.Span, d.Related[0].Span = d.Trace[i].Span, other[i].Span
			d.Trace = d.Trace[:i]
			return
		}
	}
	d.Related = nil
	d.Hint = "this code runs more than once; give each result its own value, as in name = \"web-%d\" % i"
	if d.Code == plan.CodeUnreachable {
		d.Hint = "both routes come from here: this code runs more than once, or its value is in the list twice"
	}
}

// span returns the position of a route, or of its group's name.
func (e *evaluation) span(g *builtin.Group, r *plan.Route) diag.Span {
	if r == nil || !r.Pos.IsValid() {
		return g.Name
	}
	return e.report.Sources.Word(diag.Span{File: r.Pos.File, Line: r.Pos.Line, Col: r.Pos.Col})
}

// unused warns about groups and limits that were made but not used.
func (e *evaluation) unused() {
	for _, g := range e.session.Groups() {
		if !g.Used() {
			e.report.Add(diag.Diagnostic{
				Code: codeUnused, Severity: diag.Warning, Span: g.Name, Trace: g.Trace,
				Message: fmt.Sprintf("WorkerGroup %s is not part of the configuration", value.Quote(g.Spec.Name)),
				Label:   "add it to `workers`, or remove it",
			})
		}
	}
	for _, s := range e.session.Statics() {
		if prefix := s.Prefix(); prefix != "" && !s.Used() {
			e.report.Add(diag.Diagnostic{
				Code: codeUnused, Severity: diag.Warning, Span: s.Span, Trace: s.Trace,
				Message: fmt.Sprintf("the static %s is not part of the configuration", value.Quote(prefix)),
				Label:   "add it to `static` of LdConfig, or remove it",
			})
		}
	}
	e.unusedLimits()
}

// unusedLimits warns about limits that no group has.
func (e *evaluation) unusedLimits() {
	had := make(map[string]bool)
	for _, g := range e.session.Groups() {
		for _, l := range g.Spec.Limits {
			had[l.Name] = true
		}
	}
	for _, l := range e.session.Limits() {
		if name := l.Name(); name != "" && !had[name] {
			e.report.Add(diag.Diagnostic{
				Code: plan.CodeIdleLimit, Severity: diag.Warning, Span: l.Span, Trace: l.Trace,
				Message: fmt.Sprintf("no group has the limit %s", value.Quote(name)),
				Label:   "add it to the `limits` of the groups that share it, or remove it",
			})
		}
	}
}

func (e *evaluation) dropWarnings() {
	e.report.Diagnostics = slices.DeleteFunc(e.report.Diagnostics, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Warning
	})
}

// dropIgnored removes the warnings that a comment on their line silences.
func (e *evaluation) dropIgnored() {
	e.report.Diagnostics = slices.DeleteFunc(e.report.Diagnostics, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Warning && e.report.Sources.Ignored(d.Span, d.Code)
	})
}

// noConfig reports a missing configuration and names what the file has in its
// place.
func (e *evaluation) noConfig(entry *module) {
	d := diag.Diagnostic{Code: codeNoConfig, Severity: diag.Error, Span: diag.Span{File: entry.name}}
	v := entry.globals[configName]
	other, found := findConfig(entry.globals)
	switch call := bareConfig(entry.file); {
	case v != nil:
		d.Message = fmt.Sprintf("`config` must be an LdConfig, got %s", value.Describe(v))
		d.Label = "write config = LdConfig(…)"
		d.Span = e.assignment(entry, configName)
		switch v := v.(type) {
		case *starlark.Builtin:
			d.Label = "call it: config = LdConfig(workers=[…])"
		case *starlark.Function:
			d.Label = fmt.Sprintf("call it: config = %s()", v.Name())
			if v.Name() == configName {
				d.Label = "give the function another name, and write config = that_name()"
			}
		}
		if value.IsUnset(v) {
			return // already reported
		}
	case found:
		d.Message = fmt.Sprintf("the LdConfig is named `%s`, but ldcorn looks for `config`", other)
		d.Label = "name it config"
		d.Span = e.assignment(entry, other)
	case call != nil:
		d.Message = "this LdConfig is not assigned to a name; ldcorn looks for `config`"
		d.Label = "write config = LdConfig(…)"
		d.Span = e.report.Sources.Span(call.Fn)
	case e.assignment(entry, configName).Line > 0: // by load
		d.Message = "a loaded `config` stays local to the file that loads it"
		d.Label = `write load("…", base = "config") and config = base`
		d.Span = e.assignment(entry, configName)
	case e.session.Configs() > 0:
		d.Message = "the top level of the file does not assign `config`"
		d.Hint = "a function that makes the LdConfig returns it: config = make()"
	default:
		d.Message = "the file does not assign `config`"
		d.Hint = `write config = LdConfig(workers=[WorkerGroup(name="web", app="main:app")])`
	}
	e.report.Add(d)
}

func findConfig(globals starlark.StringDict) (string, bool) {
	for _, name := range globals.Keys() {
		if _, ok := globals[name].(*builtin.Config); ok {
			return name, true
		}
	}
	return "", false
}

// bareConfig finds a call of LdConfig whose value is not used.
func bareConfig(f *syntax.File) *syntax.CallExpr {
	for _, stmt := range f.Stmts {
		if expr, ok := stmt.(*syntax.ExprStmt); ok {
			if call, ok := expr.X.(*syntax.CallExpr); ok {
				if id, ok := call.Fn.(*syntax.Ident); ok && id.Name == "LdConfig" {
					return call
				}
			}
		}
	}
	return nil
}

// assignment returns the last assignment to a global.
func (e *evaluation) assignment(m *module, name string) diag.Span {
	span := diag.Span{File: m.name}
	syntax.Walk(m.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			if id, ok := n.LHS.(*syntax.Ident); ok && id.Name == name {
				span = e.report.Sources.Span(id)
			}
		case *syntax.DefStmt:
			if n.Name.Name == name {
				span = e.report.Sources.Span(n.Name)
			}
			return false
		case *syntax.LoadStmt:
			for _, id := range n.To {
				if id.Name == name {
					span = e.report.Sources.Span(id)
				}
			}
		}
		return true
	})
	return span
}
