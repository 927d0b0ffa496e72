package router_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const digested = `
load("tables.star", "TABLE", helper = "pick")
PREFIX = "/a"
OTHER = 1
def route(req):
    def inner(x):
        return x if x else None
    if req.path.startswith(PREFIX):
        return inner(TABLE.get(req.host))
    else:
        return helper(req)
`

const tables = `
LIMIT = 3
TABLE = {"a": "gold"}
UNUSED = [1]
def pick(req, n = LIMIT):
    return "web" if len(req.path) > n + len(DEEP[0].x) else None
DEEP = [struct(x = "y", f = lambda a: a[1:])]
`

func TestDigest(t *testing.T) {
	sum := func(entry, loaded string) string {
		return routerOf(t, entry, "route", nil, "tables.star", loaded).Digest()
	}
	before := sum(digested, tables)
	replaced := func(text, old, new string) string {
		t.Helper()
		assert.Contains(t, text, old)
		return strings.Replace(text, old, new, 1)
	}
	for _, c := range [][2]string{
		{"PREFIX = \"/a\"\n", "# comment\n\n\nPREFIX = \"/a\"   # more\n"},
		{"OTHER = 1", "OTHER = 2"},
		{"    if req.path", "    # comment\n    if  req.path"},
		{"inner(TABLE.get(req.host))", "inner(\n            TABLE.get(req.host),\n        )"},
	} {
		assert.Equal(t, before, sum(replaced(digested, c[0], c[1]), tables), "%q", c)
	}
	for _, c := range [][2]string{
		{"PREFIX = \"/a\"", "PREFIX = \"/b\""},
		{"req.host", "req.path"},
		{"    else:\n        return helper(req)", "    return helper(req)"},
		{"x if x else None", "x if not x else None"},
		{"return inner(TABLE.get(req.host))", "return inner(TABLE.get(req.host, None))"},
	} {
		assert.NotEqual(t, before, sum(replaced(digested, c[0], c[1]), tables), "%q", c)
	}
	for _, c := range [][2]string{{"UNUSED = [1]", "UNUSED = [2]"}, {"\nTABLE", "\n\n\nTABLE"}} {
		assert.Equal(t, before, sum(digested, replaced(tables, c[0], c[1])), "%q", c)
	}
	for _, c := range [][2]string{
		{`"a": "gold"`, `"a": "web"`},
		{`"a": "gold"`, `"a": "gold", "b": "gold"`},
		{"LIMIT = 3", "LIMIT = 4"},
		{"> n", ">= n"},
		{`x = "y"`, `x = "z"`},
		{"a[1:]", "a[:1]"},
	} {
		assert.NotEqual(t, before, sum(digested, replaced(tables, c[0], c[1])), "%q", c)
	}
}
