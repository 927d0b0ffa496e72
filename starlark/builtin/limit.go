package builtin

import (
	"errors"
	"fmt"
	"slices"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Limit is the value of limit.
type Limit struct {
	opaque
	limit plan.Limit

	Span  diag.Span    // of the word limit
	Trace []diag.Frame // calls that led to it
}

// Name returns the name of the limit, or "" if the call was wrong.
func (l *Limit) Name() string { return l.limit.Name }

// String returns a call that makes the limit.
func (l *Limit) String() string { return l.limit.String() }

func limitWord() Word {
	return Word{
		Name: "limit", Returns: "limit",
		Doc: "A limit of how many requests all groups together that have it in their `limits` work on at a time.",
		Arguments: []Argument{
			{Name: "name", Type: "str", Required: true, Rule: "1 to 48 of A-Z a-z 0-9 _ -",
				Doc: "The limit's own name: in logs, plans and metrics. Limits with the same name are the same.", Example: `"gpu"`},
			{Name: "size", Type: "int", Required: true, Rule: "1 to 1000000",
				Doc: "How many requests, including websockets.", Example: "size=4", aka: []string{"n", "max", "limit", "count", "slots"}},
		},
	}
}

// limit implements limit.
func (s *Session) limit(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	out := &Limit{opaque: "limit", Span: c.span, Trace: c.trace}
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	if g := have["name"]; g != nil {
		name, err := value.String(g.value)
		if err == nil {
			err = checkName(name)
		}
		if err != nil {
			c.wrongValue(g, withNameLabel(err, g.value))
		}
		out.limit.Name = name
	}
	if g := have["size"]; g != nil {
		size, err := value.Int(g.value, 1, plan.MaxLimitSize)
		if err != nil {
			c.wrongValue(g, err)
		}
		out.limit.Size = size
	}
	if c.failed {
		out.limit = plan.Limit{}
	}
	s.limits = append(s.limits, out)
	return out, nil
}

// withNameLabel adds the correction for a value in the place of a limit's name.
func withNameLabel(err error, v starlark.Value) error {
	var e *value.Error
	if !errors.As(err, &e) || e.Label != "" {
		return err
	}
	switch v := v.(type) {
	case starlark.Int:
		e.Label = fmt.Sprintf("the name comes first: limit(\"gpu\", %v)", v)
	case *Limit:
		e.Label = "it is a limit already: use it in `limits`"
	}
	return e
}

func setLimits(c *call, g *given, p *plan.Group) {
	if l, single := g.value.(*Limit); single {
		c.wrongValue(g, value.WrongType("a list of limits", l, "put [ ] around it"))
		return
	}
	if d, table := g.value.(*starlark.Dict); table {
		label := `write limits=[limit("name", 4)]`
		if items := d.Items(); len(items) == 1 {
			if name, ok := items[0][0].(starlark.String); ok {
				label = fmt.Sprintf("write [limit(%s, %v)]", value.Quote(string(name)), items[0][1])
			}
		}
		c.wrongValue(g, value.WrongType("a list of limits", d, label))
		return
	}
	elems, err := value.List(g.value, `limits, such as [limit("gpu", 4)]`)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	for i, e := range elems {
		l, ok := e.(*Limit)
		switch {
		case value.IsUnset(e):
		case !ok:
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType(`a limit such as limit("gpu", 4)`, e, limitLabel(e))})
		case l.limit == plan.Limit{}: // its mistake has been reported
		case slices.ContainsFunc(p.Limits, func(other plan.Limit) bool { return other.Name == l.limit.Name }):
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.Wrong("remove it", "is in the list twice: %s", value.Quote(l.limit.Name))})
		default:
			p.Limits = append(p.Limits, l.limit)
		}
	}
}

func limitLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return "write limit(" + value.Quote(string(v)) + ", 4), or the variable that holds it"
	case starlark.Int:
		return `a limit of one group is max_req_per_worker; write limit("name", ` + v.String() + ") for one of several groups"
	case *Rate:
		return "write rate_limit=" + v.String()
	case starlark.Tuple:
		if v.Len() == 2 {
			return fmt.Sprintf("write limit(%v, %v)", v.Index(0), v.Index(1))
		}
	}
	return ""
}
