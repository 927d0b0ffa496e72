package match

import (
	"fmt"
	"strings"
)

// Header matches requests with a header of which at least one value passes the
// test. The name is in upper or lower case.
func Header(name string, test Test) Matcher {
	m := ofField(field{inHeader, strings.ToLower(name)}, test)
	m.text = written(field{inHeader, name}, test)
	return m
}

// Cookie matches requests whose last cookie with a name passes the test.
func Cookie(name string, test Test) Matcher { return ofField(field{inCookie, name}, test) }

// Query matches requests whose first query parameter with a name passes the
// test.
func Query(name string, test Test) Matcher { return ofField(field{inQuery, name}, test) }

// A field is a header, a cookie or a query parameter.
type field struct {
	in   fieldKind
	name string
}

// A fieldKind is a kind of field, as the configuration names it.
type fieldKind string

const (
	inHeader fieldKind = "header"
	inCookie fieldKind = "cookie"
	inQuery  fieldKind = "query"
)

// value returns the value of the field that counts.
func (f field) value(r Request) ([]byte, bool) {
	switch f.in {
	case inHeader:
		return r.Header(f.name)
	case inCookie:
		return r.Cookie(f.name)
	}
	return r.Query(f.name)
}

// named is the family of matchers that look at a field.
type named struct {
	base
	field field
	test  Test
}

func ofField(f field, test Test) *named {
	return &named{base{written(f, test)}, f, test}
}

func written(f field, test Test) string {
	return fmt.Sprintf("%s(%q%s)", f.in, f.name, test.argument())
}

func (m *named) Match(r Request) bool {
	if m.field.in != inHeader {
		v, ok := m.field.value(r)
		return ok && Spend(r, m.field.cost(len(v))) && m.test.matches(r, lend(v))
	}
	for v, at, ok := r.NextHeader(m.field.name, 0); ok; v, at, ok = r.NextHeader(m.field.name, at) {
		if m.test.matches(r, lend(v)) {
			return true
		}
	}
	return false
}

func (m *named) WhyNot(r Request) string {
	what := string(m.field.in)
	if m.field.in == inQuery {
		what = "parameter"
	}
	var values []string
	if m.field.in == inHeader {
		for v, at, ok := r.NextHeader(m.field.name, 0); ok; v, at, ok = r.NextHeader(m.field.name, at) {
			values = append(values, fmt.Sprintf("%q", v))
		}
	} else if v, ok := m.field.value(r); ok {
		values = append(values, fmt.Sprintf("%q", v))
	}
	if len(values) == 0 {
		return fmt.Sprintf("%s: there is no such %s", m.text, what)
	}
	return fmt.Sprintf("%s: the %s is %s", m.text, what, strings.Join(values, ", "))
}

func (m *named) Cost(bytes int) int { return m.field.cost(bytes) + m.test.cost(bytes) }

// cost returns what it costs to get a value of a number of bytes.
func (f field) cost(bytes int) int {
	if f.in != inHeader {
		return decodedUnits * bytes
	}
	return 0
}

func (m *named) traits() []trait {
	if m.test.Kind == TestEqual {
		return []trait{{by: bySome, field: m.field, value: m.test.Text}}
	}
	return []trait{{by: byName, field: m.field}}
}

func (m *named) within(_ *Comparer, other Matcher) bool {
	o, ok := other.(*named)
	return ok && o.field == m.field && m.test.within(&o.test)
}

// apart returns false for headers, which may have several values.
func (m *named) apart(_ *Comparer, other Matcher) bool {
	o, ok := other.(*named)
	return ok && o.field == m.field && m.field.in != inHeader && (m.test.excludes(&o.test) || o.test.excludes(&m.test))
}
