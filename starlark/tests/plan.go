package tests

import (
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// plan implements t.plan. The arguments are in the order of the table.
func (h *handle) plan(thread *starlark.Thread, args []starlark.Value) (starlark.Value, error) {
	r := h.runner
	if r.opts.Evaluate == nil {
		return nil, fmt.Errorf("the configuration cannot be evaluated again here")
	}
	env, err := variables(args[0])
	if err != nil {
		return nil, fmt.Errorf("`env` %w", err)
	}
	given, err := arguments(args[1])
	if err != nil {
		return nil, fmt.Errorf("`args` %w", err)
	}
	left := uint64(1)
	if used := thread.ExecutionSteps(); used < r.opts.MaxSteps {
		left = r.opts.MaxSteps - used
	}
	res, err := r.opts.Evaluate(r.ctx, env, given, left)
	if err != nil {
		return nil, err
	}
	thread.Steps += res.Steps
	p := &planned{runner: r, subject: subject{plan: res.Plan}, errors: texts(res.Report, diag.Error), warnings: texts(res.Report, diag.Warning)}
	if res.Plan != nil {
		opts := r.opts
		opts.Plan, opts.Sources = res.Plan, res.Report.Sources
		p.decider = NewExplainer(opts)
		return p, nil
	}
	r.unseen = append(r.unseen, unseen{&p.seen, r.failure(thread, "", diag.Diagnostic{
		Message: "with these variables and arguments, the configuration has errors", Detail: p.errors,
		Hint: "use .errors of the result if that is meant",
	})})
	return p, nil
}

// variables reads a dict of variables, of which None means not set.
func variables(v starlark.Value) (map[string]*string, error) {
	out := make(map[string]*string)
	items, err := itemsOf(v, `a dict, such as {"PORT": "9000"}`)
	for _, item := range items {
		name, err := value.String(item[0])
		if err != nil {
			return nil, err
		}
		if item[1] == starlark.None {
			out[name] = nil
			continue
		}
		text, err := value.NumberString(item[1])
		if err != nil {
			return nil, err
		}
		out[name] = &text
	}
	return out, err
}

// arguments reads a dict of arguments.
func arguments(v starlark.Value) (map[string]starlark.Value, error) {
	out := make(map[string]starlark.Value)
	items, err := itemsOf(v, `a dict, such as {"workers": 4}`)
	for _, item := range items {
		name, err := value.String(item[0])
		if err != nil {
			return nil, err
		}
		out[name] = item[1]
	}
	return out, err
}

func itemsOf(v starlark.Value, want string) ([]starlark.Tuple, error) {
	if v == nil || v == starlark.None {
		return nil, nil
	}
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return nil, value.WrongType(want, v, "")
	}
	return dict.Items(), nil
}

// texts returns the diagnostics of a severity, each with its code.
func texts(report *diag.Report, of diag.Severity) (out []string) {
	for _, d := range report.Diagnostics {
		if d.Severity == of {
			out = append(out, d.Code+": "+d.Message)
		}
	}
	return out
}

// A planned is the result of t.plan.
type planned struct {
	subject
	runner           *runner
	errors, warnings []string
	seen             bool // the test has used the errors
}

var _ starlark.HasAttrs = (*planned)(nil)

func (p *planned) String() string        { return "<plan>" }
func (p *planned) Type() string          { return builtin.PlanType().Name }
func (p *planned) Freeze()               {}
func (p *planned) Truth() starlark.Bool  { return true }
func (p *planned) Hash() (uint32, error) { return 0, fmt.Errorf("a %s cannot be a key", p.Type()) }
func (p *planned) AttrNames() []string   { t := builtin.PlanType(); return t.Names() }

// Attr returns a property or a method of the table.
func (p *planned) Attr(name string) (starlark.Value, error) {
	switch {
	case name == "errors":
		p.seen = true
		return stringList(p.errors), nil
	case name == "warnings":
		return stringList(p.warnings), nil
	case p.plan == nil:
		p.seen = true // this says it
		return nil, fmt.Errorf("the plan has errors: %s", strings.Join(p.errors, "; "))
	case name == "groups":
		out := make([]starlark.Value, len(p.plan.Groups))
		for i, g := range p.plan.Groups {
			out[i] = &plannedGroup{g}
		}
		return starlark.NewList(out), nil
	case name == "route" || name == "group":
		return p.method(name), nil
	}
	for _, a := range plan.PlanAttributes {
		if a.Name == name && a.Show != nil {
			return attributeValue(a, p.plan), nil
		}
	}
	t := builtin.PlanType()
	return nil, noAttribute(&t, name)
}

func (p *planned) method(name string) starlark.Value {
	t := builtin.PlanType()
	var word *builtin.Word
	for i := range t.Methods {
		if t.Methods[i].Name == name {
			word = &t.Methods[i]
		}
	}
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		values := make([]starlark.Value, len(word.Arguments))
		if err := word.Read(args, kwargs, values); err != nil {
			return nil, err
		}
		if name == "route" {
			return p.runner.route(thread, p.subject, values)
		}
		return p.group(values[0])
	})
}

func (p *planned) group(v starlark.Value) (starlark.Value, error) {
	name, err := value.String(v)
	if err != nil {
		return nil, fmt.Errorf("`name` %w", err)
	}
	if g := p.plan.Group(name); g != nil {
		return &plannedGroup{g}, nil
	}
	d := noGroup(p.plan, name)
	if d.Label != "" {
		d.Message += ": " + d.Label
	}
	return nil, fmt.Errorf("%s", d.Message)
}

func stringList(texts []string) starlark.Value {
	out := make([]starlark.Value, len(texts))
	for i, s := range texts {
		out[i] = starlark.String(s)
	}
	return starlark.NewList(out)
}

// A plannedGroup is a group of a planned.
type plannedGroup struct{ group *plan.Group }

var _ starlark.HasAttrs = (*plannedGroup)(nil)

func (g *plannedGroup) String() string        { return "<group " + g.group.Name + ">" }
func (g *plannedGroup) Type() string          { return builtin.PlanGroupType().Name }
func (g *plannedGroup) Freeze()               {}
func (g *plannedGroup) Truth() starlark.Bool  { return true }
func (g *plannedGroup) Hash() (uint32, error) { return 0, fmt.Errorf("a %s cannot be a key", g.Type()) }
func (g *plannedGroup) AttrNames() []string   { t := builtin.PlanGroupType(); return t.Names() }

// Attr returns an argument of the group.
func (g *plannedGroup) Attr(name string) (starlark.Value, error) {
	switch name {
	case "env":
		out := starlark.NewDict(len(g.group.Env))
		for _, v := range g.group.Env {
			var text starlark.Value = starlark.String(v.Value.Reveal())
			if v.Value.IsSecret() {
				text = value.NewSecret(v.Value.Reveal())
			}
			_ = out.SetKey(starlark.String(v.Name), text) // it is not frozen
		}
		return out, nil
	case "routes":
		var routes []string
		for i := range g.group.Routes {
			routes = append(routes, g.group.Routes[i].Text())
		}
		return stringList(routes), nil
	}
	for _, a := range plan.GroupAttributes {
		if a.Name == name && a.Show != nil {
			return attributeValue(a, g.group), nil
		}
	}
	t := builtin.PlanGroupType()
	return nil, noAttribute(&t, name)
}

// attributeValue returns the value of an attribute: a duration in seconds, a size in
// bytes, and what only a word can make as the text that makes it.
func attributeValue[T any](a plan.Attribute[T], of *T) starlark.Value {
	if a.Scalar != nil {
		switch p := a.Scalar.Place(of).(type) {
		case *time.Duration:
			if *p == 0 && a.Default == "None" {
				return starlark.None
			}
			return starlark.Float(p.Seconds())
		case *int64:
			return starlark.MakeInt64(*p)
		case *plan.BufferSize:
			if p.Set {
				return starlark.MakeInt64(p.Bytes)
			}
			return starlark.None
		}
	}
	text := a.Show(of)
	v, err := starlark.EvalOptions(&syntax.FileOptions{}, new(starlark.Thread), a.Name, text, nil)
	if err != nil {
		return starlark.String(text)
	}
	return v
}
