package tests

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// An outcome is the result of t.route.
type outcome struct {
	of   decide.Outcome[string]
	seen bool // the test states an expectation or has used the outcome
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
	case "location":
		return textOrNone(o.of.Location()), nil
	case "route":
		if o.of.Route == nil {
			return starlark.None, nil
		}
		return starlark.String(o.of.Route.Text()), nil
	}
	return nil, noAttribute(&outcomeType, name)
}

func textOrNone(s string) starlark.Value {
	if s == "" {
		return starlark.None
	}
	return starlark.String(s)
}
