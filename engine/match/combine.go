package match

import (
	"fmt"
	"slices"
	"strings"
)

// All matches the requests that all parts match. There must be at least one
// part.
func All(parts ...Matcher) Matcher {
	var flat []Matcher
	for _, p := range parts {
		if m, ok := p.(*all); ok {
			flat = append(flat, m.parts...)
		} else {
			flat = append(flat, p)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &all{base{joined(flat, " & ")}, flat}
}

// Any matches the requests that at least one of the parts matches. There must
// be at least one part.
func Any(parts ...Matcher) Matcher {
	var flat []Matcher
	for _, p := range parts {
		if m, ok := p.(*anyOf); ok {
			flat = append(flat, m.parts...)
		} else {
			flat = append(flat, p)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &anyOf{base{joined(flat, " | ")}, flat}
}

// Not matches the requests that the part does not match.
func Not(part Matcher) Matcher {
	text := "~" + part.String()
	switch m := part.(type) {
	case *not:
		return m.part
	case *all, *anyOf:
		text = "~(" + part.String() + ")"
	}
	return &not{base{text}, part}
}

// joined returns the parts with an operator between them.
func joined(parts []Matcher, operator string) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.String()
		if _, ok := p.(*anyOf); ok {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, operator)
}

type all struct {
	base
	parts []Matcher // at least two, none of this type itself
}

func (m *all) Match(r Request) bool {
	for _, p := range m.parts {
		if !p.Match(r) {
			return false
		}
	}
	return true
}

// WhyNot describes the first part that does not match.
func (m *all) WhyNot(r Request) string {
	for _, p := range m.parts {
		if !p.Match(r) {
			return p.WhyNot(r)
		}
	}
	return ""
}

func (m *all) Cost(bytes int) int { return costOf(m.parts, bytes) }

// traits returns those of one part, since every matching request has them, too.
func (m *all) traits() (best []trait) {
	for _, p := range m.parts {
		if ts := traitsOf(p); rarer(ts, best) {
			best = ts
		}
	}
	return best
}

// never looks for a part that never matches, or two that exclude each other.
func (m *all) never(c *Comparer) string {
	for i, p := range m.parts {
		if why := p.never(c); why != "" {
			return why
		}
		for _, q := range m.parts[:i] {
			if c.GaveUp() {
				return ""
			}
			if c.Excludes(q, p) {
				return fmt.Sprintf("%s and %s exclude each other", q, p)
			}
		}
	}
	return ""
}

type anyOf struct {
	base
	parts []Matcher // at least two, none of this type itself
}

func (m *anyOf) Match(r Request) bool {
	for _, p := range m.parts {
		if p.Match(r) {
			return true
		}
	}
	return false
}

func (m *anyOf) WhyNot(r Request) string {
	var reasons []string
	for _, p := range m.parts {
		if !p.Match(r) {
			reasons = append(reasons, p.WhyNot(r))
		}
	}
	return strings.Join(reasons, "; ")
}

func (m *anyOf) Cost(bytes int) int { return costOf(m.parts, bytes) }

func (m *anyOf) traits() (out []trait) {
	for _, p := range m.parts {
		ts := traitsOf(p)
		if ts == nil {
			return nil
		}
		out = append(out, ts...)
	}
	return out
}

func (m *anyOf) never(c *Comparer) (why string) {
	for _, p := range m.parts {
		if why = p.never(c); why == "" {
			return ""
		}
	}
	return why
}

type not struct {
	base
	part Matcher
}

func (m *not) Match(r Request) bool { return !m.part.Match(r) }

func (m *not) WhyNot(Request) string { return fmt.Sprintf("%s: %s does match", m.text, m.part) }

func (m *not) Cost(bytes int) int { return m.part.Cost(bytes) }

func costOf(parts []Matcher, bytes int) (cost int) {
	for _, p := range parts {
		cost += p.Cost(bytes)
	}
	return cost
}

// everyPart reports whether all parts satisfy holds.
func everyPart(parts []Matcher, holds func(Matcher) bool) bool {
	return !slices.ContainsFunc(parts, func(p Matcher) bool { return !holds(p) })
}
