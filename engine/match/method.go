package match

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/head"
)

// Method matches the given methods.
func Method(names ...string) Matcher { return &methods{base{call("method", names)}, names} }

type methods struct {
	base
	names []string
}

func (m *methods) Match(r Request) bool {
	method := lend(r.Method())
	for _, name := range m.names {
		if method == name {
			return true
		}
	}
	return false
}

func (m *methods) WhyNot(r Request) string {
	return fmt.Sprintf("%s: the method is %s", m.text, r.Method())
}

func (m *methods) traits() []trait {
	return each(m.names, func(name string) trait { return trait{by: byMethod, value: name} })
}

func (m *methods) has(name string) bool { return slices.Contains(m.names, name) }

func (m *methods) within(c *Comparer, other Matcher) bool {
	o, ok := other.(*methods)
	return ok && everyOf(c, m.names, o.names, func(x, y string) bool { return x == y })
}

func (m *methods) apart(c *Comparer, other Matcher) bool {
	o, ok := other.(*methods)
	return ok && noneOf(c, m.names, o.names, func(x, y string) bool { return x == y })
}

// CheckMethod rejects text that is not a method, and methods that ldcorn
// refuses to serve. The error says what is wrong, then what to do.
func CheckMethod(method string) error {
	upper := strings.ToUpper(method)
	switch {
	case !head.IsToken(method):
		return errors.New("is not a method; write \"GET\", for example")
	case upper == "TRACE" || upper == "CONNECT":
		return errors.New("ldcorn refuses such requests; leave it out")
	case method != upper && head.IsToken(upper):
		return fmt.Errorf("methods are written in upper case; write %q", upper)
	}
	return nil
}
