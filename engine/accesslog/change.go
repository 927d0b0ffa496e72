package accesslog

import (
	"maps"
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Change changes what a plan says about the lines of some requests. The zero Change
// changes nothing.
type Change struct {
	On     *bool           // whether there are lines; nil leaves that to the plan
	Format plan.LogFormat  // "" leaves it to the plan
	Fields []plan.LogField // nil leaves them to the plan; none means those of the format
}

// IsZero reports whether the Change changes nothing.
func (c Change) IsZero() bool { return c.On == nil && c.Format == "" && c.Fields == nil }

// then returns the Change that has the effect of c and then of next.
func (c Change) then(next Change) Change {
	if next.On != nil {
		c.On = next.On
	}
	if next.Format != "" {
		c.Format = next.Format
	}
	if next.Fields != nil {
		c.Fields = next.Fields
	}
	return c
}

// without returns the Change without what next decides.
func (c Change) without(next Change) Change {
	if next.On != nil {
		c.On = nil
	}
	if next.Format != "" {
		c.Format = ""
	}
	if next.Fields != nil {
		c.Fields = nil
	}
	return c
}

// of returns the settings after the Change. A log that is turned on goes where that of the
// plan goes, or else to standard output.
func (c Change) of(s plan.LogSettings, p *plan.Plan) plan.LogSettings {
	switch off := s.To == plan.AccessLogAuto || s.To == plan.AccessLogOff; {
	case c.On == nil:
	case !*c.On:
		s.To = plan.AccessLogOff
	case off && p.AccessLog != plan.AccessLogAuto && p.AccessLog != plan.AccessLogOff:
		s.To = p.AccessLog
	case off:
		s.To = plan.AccessLogStdout
	}
	if c.Format != "" {
		s.Format = c.Format
	}
	if c.Fields != nil {
		if s.Fields = c.Fields; len(c.Fields) == 0 {
			s.Fields = nil
		}
	}
	return s
}

// Changes are those of all requests, and of the requests of single groups, which count
// after them. Changes are values: they never change.
type Changes struct {
	all    Change
	groups map[string]Change
}

// IsZero reports whether the Changes change nothing.
func (cs Changes) IsZero() bool { return cs.all.IsZero() && len(cs.groups) == 0 }

// With returns the Changes with one more, of a group or, for "", of all requests. The
// latter replaces what single groups have of the same.
func (cs Changes) With(group string, next Change) Changes {
	groups := maps.Clone(cs.groups)
	if group != "" {
		if groups == nil {
			groups = make(map[string]Change)
		}
		groups[group] = groups[group].then(next)
		return Changes{cs.all, groups}
	}
	for name, c := range groups {
		groups[name] = c.without(next)
	}
	maps.DeleteFunc(groups, func(_ string, c Change) bool { return c.IsZero() })
	return Changes{cs.all.then(next), groups}
}

// Without returns the Changes without those of a group or, for "", without any.
func (cs Changes) Without(group string) Changes {
	if group == "" {
		return Changes{}
	}
	groups := maps.Clone(cs.groups)
	delete(groups, group)
	return Changes{cs.all, groups}
}

// Settings returns what holds for requests of a group of a plan; nil stands for requests
// without one.
func (cs Changes) Settings(p *plan.Plan, g *plan.Group) plan.LogSettings {
	s := cs.all.of(p.LogOf(g), p)
	if g != nil {
		s = cs.groups[g.Name].of(s, p)
	}
	return s
}

// WantAnswers reports whether the Changes want headers of answers in lines.
func (cs Changes) WantAnswers() bool {
	ofAnswer := func(f plan.LogField) bool { _, is := f.Header(); return is }
	if slices.ContainsFunc(cs.all.Fields, ofAnswer) {
		return true
	}
	for _, c := range cs.groups {
		if slices.ContainsFunc(c.Fields, ofAnswer) {
			return true
		}
	}
	return false
}
