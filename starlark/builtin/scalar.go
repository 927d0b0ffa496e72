package builtin

import (
	"errors"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// fieldsOf turns a table of attributes into fields. Readers holds, by name, the
// readers of values that are not plain.
func fieldsOf[T any](attributes []plan.Attribute[T], readers map[string]func(*call, *given, *T)) []field[T] {
	var out []field[T]
	for _, a := range attributes {
		read := readers[a.Name]
		if a.Scalar != nil {
			read = scalarReader(a)
		}
		effect := a.Effect
		if effect == plan.EffectNone {
			effect = "" // not shown to users
		}
		out = append(out, field[T]{Argument{
			Name: a.Name, Type: a.Type, Choices: a.Choices, Default: a.Default, Required: a.Required, Keyword: a.Keyword,
			Unit: a.Unit, Rule: a.Rule, Effect: effect, Doc: a.Doc, Example: a.Example, aka: a.OtherNames,
		}, read})
	}
	return out
}

// argumentsOf returns the arguments of fields.
func argumentsOf[T any](fields []field[T]) []Argument {
	out := make([]Argument, len(fields))
	for i, f := range fields {
		out[i] = f.Argument
	}
	return out
}

// scalarReader returns a reader for the plain value of an attribute.
func scalarReader[T any](a plan.Attribute[T]) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		if err := readScalar(g.value, a.Scalar.Place(t), a.Scalar.Low, a.Scalar.High, a.Choices, a.Default == "None"); err != nil {
			var e *value.Error
			if errors.As(err, &e) && e.Type && e.Label == "" {
				e.Label = a.Rule
				if a.Type == "int" && strings.HasPrefix(a.Rule, "0 = ") {
					e.Label = "write a number; " + a.Rule
				}
			}
			c.wrongValue(g, err)
			return
		}
		c.checkUnit(g, a.Unit, a.Long)
	}
}

// readOptional stores a value in a new place, or nil for None.
func readOptional[V any](v starlark.Value, place **V, low, high int) error {
	*place = nil
	if v == starlark.None {
		return nil
	}
	read := new(V)
	err := readScalar(v, read, low, high, nil, false)
	if err == nil {
		*place = read
	}
	return err
}

// readScalar stores a value in place. See plan.Scalar.
func readScalar(v starlark.Value, place any, low, high int, choices []string, optional bool) error {
	var err error
	switch p := place.(type) {
	case *int:
		var n int
		if n, err = value.Int(v, low, high); err == nil {
			*p = n
		}
	case *bool:
		var b bool
		if b, err = value.Bool(v); err == nil {
			*p = b
		}
	case *int64:
		var n int64
		if n, err = value.Size(v); err == nil {
			*p = n
		}
	case *plan.BufferSize:
		var n *int64
		if err = readScalar(v, &n, low, high, nil, true); err == nil {
			*p = plan.BufferSize{}
			if n != nil {
				*p = plan.BufferSize{Bytes: *n, Set: true}
			}
		}
	case **int64:
		err = readOptional(v, p, low, high)
	case **int:
		err = readOptional(v, p, low, high)
	case **time.Duration:
		err = readOptional(v, p, low, high)
	case *time.Duration:
		if optional && v == starlark.None {
			*p = 0
			return nil
		}
		var d time.Duration
		switch d, err = value.Duration(v); {
		case err != nil:
		case d < time.Duration(low):
			err = value.Wrong("", "must be more than 0")
		default:
			*p = d
		}
	case func(string):
		var s string
		if optional && v == starlark.None {
			p("")
		} else if s, err = value.Choice(v, choices, diag.Near); err == nil {
			p(s)
		}
	}
	return err
}
