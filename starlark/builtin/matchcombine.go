package builtin

import (
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// combineWords returns the words that combine matchers.
func combineWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "all_of", Doc: "Matches a request that all of the matchers match; the same as &.", Arguments: []Argument{
			some("matchers", "matcher", "", "At least one.", `method("GET"), path("/x")`, "all")}},
			func(c *call, have map[string]*given) match.Matcher { return c.joined(have["matchers"], match.All) }},
		{Word{Name: "any_of", Doc: "Matches a request that any of the matchers matches; the same as |.", Arguments: []Argument{
			some("matchers", "matcher", "", "At least one.", `path("/x"), prefix("/y")`, "any")}},
			func(c *call, have map[string]*given) match.Matcher { return c.joined(have["matchers"], match.Any) }},
		{Word{Name: "not_", Doc: "Matches a request that the matcher does not match; the same as ~.", Arguments: []Argument{
			{Name: "matcher", Type: "matcher", Required: true, Doc: "The matcher that must not match.", Example: "websocket()"}}},
			func(c *call, have map[string]*given) match.Matcher {
				if g := have["matcher"]; g != nil {
					if m := c.part(g, g.value, nil); m != nil {
						return match.Not(m)
					}
				}
				return nil
			}},
	}
}

// joined combines all matchers of the argument into one, or returns nil.
func (c *call) joined(g *given, by func(...match.Matcher) match.Matcher) match.Matcher {
	if g == nil {
		return nil
	}
	values := g.value.(starlark.Tuple)
	var parts []match.Matcher
	for i, v := range values {
		if m := c.part(g, v, &i); m != nil {
			parts = append(parts, m)
		}
	}
	if len(parts) != len(values) {
		return nil
	}
	return by(parts...)
}

// part reads a value that must be a matcher: the i-th of the argument, or the
// argument itself if i is nil.
func (c *call) part(g *given, v starlark.Value, i *int) match.Matcher {
	if m, ok := v.(*Matcher); ok {
		if m.Matcher == nil {
			c.failed = true
		}
		return m.Matcher
	}
	if c.session.madeByNot(v) {
		c.failed = true
		return nil
	}
	label := matcherLabel(v)
	if l, ok := v.(*starlark.List); ok && i != nil && l.Len() > 0 {
		label = "write * before the list"
	}
	err := error(value.WrongType("a matcher", v, label))
	if i != nil {
		err = &value.ElementError{Index: *i, Err: err}
	}
	c.wrongValue(g, err)
	return nil
}
