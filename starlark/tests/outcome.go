package tests

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// An outcome is the result of t.route.
type outcome struct {
	of       decide.Outcome[string]
	asked    *plan.Static // the first static that is asked for a file; nil = none is
	group    *plan.Group  // nil if ldcorn answers
	settings []decide.Setting
	seen     bool // the test states an expectation or has used the outcome
}

var _ starlark.HasAttrs = (*outcome)(nil)

var outcomeType = builtin.OutcomeType()

func (o *outcome) String() string        { o.seen = true; return "<outcome: " + says(o.of) + ">" }
func (o *outcome) Type() string          { return outcomeType.Name }
func (o *outcome) Freeze()               {}
func (o *outcome) Truth() starlark.Bool  { return true }
func (o *outcome) Hash() (uint32, error) { return 0, fmt.Errorf("an %s cannot be a key", o.Type()) }
func (o *outcome) AttrNames() []string   { return outcomeType.Names() }

// Attr returns a property of the table.
func (o *outcome) Attr(name string) (starlark.Value, error) {
	o.seen = true
	switch name {
	case "group":
		return textOrNone(o.of.Group), nil
	case "status":
		return statusOf(o.of), nil
	case "static":
		if o.asked == nil {
			return starlark.None, nil
		}
		return starlark.String(o.asked.Prefix), nil
	case "location":
		return textOrNone(o.of.Location()), nil
	case "route":
		if o.of.Route == nil {
			return starlark.None, nil
		}
		return starlark.String(o.of.Route.Text()), nil
	case "key":
		return o.key(), nil
	case "fair":
		return o.fair(), nil
	case "limits":
		return o.limits(), nil
	case "rate_limits":
		return o.named("rate_limit"), nil
	case "priority", "request_buffer", "response_buffer":
		return o.number(name), nil
	}
	return nil, noAttribute(&outcomeType, name)
}

// number returns a setting that is a number, or None without a group.
func (o *outcome) number(name string) starlark.Value {
	switch {
	case o.group == nil:
		return starlark.None
	case name == "priority":
		return starlark.MakeInt(o.of.Override.PriorityIn(o.group))
	case name == "request_buffer":
		return starlark.MakeInt64(o.of.Override.RequestBufferSize(o.group))
	}
	return starlark.MakeInt64(o.group.ResponseBufferSize())
}

// key returns what chooses the process, or None.
func (o *outcome) key() starlark.Value {
	key := o.of.Key
	for _, s := range o.settings {
		if s.Name == "sticky" {
			key = s.Key
		}
	}
	return textOrNone(key)
}

// fair returns the key that takes turns in the queue, or None.
func (o *outcome) fair() starlark.Value {
	if o.group == nil || o.group.Fair.By == match.KeyNone {
		return starlark.None
	}
	key := o.of.Fair
	for _, s := range o.settings {
		if s.Name == "fair" && s.From != decide.FromTo {
			key = s.Key
		}
	}
	return textOrNone(key)
}

// limits returns the limits that the group shares.
func (o *outcome) limits() starlark.Value {
	out := starlark.NewList(nil)
	if o.group == nil {
		return out
	}
	for _, l := range o.group.Limits {
		_ = out.Append(starlark.String(l.String())) // it is not frozen
	}
	return out
}

// named returns the values of the settings with a name.
func (o *outcome) named(name string) starlark.Value {
	out := starlark.NewList(nil)
	for _, s := range o.settings {
		if s.Name == name {
			_ = out.Append(starlark.String(s.Value)) // it is not frozen
		}
	}
	return out
}

func textOrNone(s string) starlark.Value {
	if s == "" {
		return starlark.None
	}
	return starlark.String(s)
}
