package router_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// pieces are statements that FuzzBombs composes. Each gives a variable a new
// value computed from two others.
var pieces = []string{
	"%s = %s + %s", "%s = %s * %s", "%s = [%s, %s]", "%s = (%s, %s)", "%s = {1: %s, 2: %s}", "%s = [%s] * 60 + [%s]",
	"%s = str(%s) + str(%s)", "%s = repr((%s, %s))", "%s = '%%s-%%r' %% (%s, %s)", "%s = '{}{}'.format(%s, %s)",
	"%s = str(%s).join([str(%s)] * 50)", "%s = str(%s).replace('a', str(%s))", "%s = str(%s).split(str(%s)[:1] or 'x')",
	"%s = json.encode([%s, %s])", "%s = json.decode(json.encode([%s, %s]))", "%s = json.indent(json.encode(%s), indent = str(%s))",
	"%s = %s == %s", "%s = %s in [%s]", "%s = sorted([%s, %s], key = str)", "%s = list(zip([%s] * 50, [%s] * 50))",
	"%s = [%s for i in range(40)] + [%s]", "%s = {str(%s): %s}", "%s = set([str(%s), hash(str(%s))])", "%s = struct(a = %s, b = %s)",
	"%s = int('7' * (len(str(%s)) + len(str(%s))))", "%s = (lambda *a: a)(*[%s, %s])", "%s = max(str(%s), str(%s))",
	"%s = str(%s).upper() + str(%s).strip('ab')", "%s = enumerate([%s, %s] * 20)", "%s = list(str(%s).elems()) + [%s]",
	"%s = {(%s,): 1}.get((%s,))", "%s = [%s, 1][0:1] + [%s][::-1]", "%s = hash(str(%s)) << 400 << (hash(str(%s)) & 63)",
	"%s += [%s, %s]", "%s *= len(str(%s)) + len(str(%s))", "%s = reversed([%s, %s])", "%s = tuple([%s, %s] * 9)", "%s = dict([(1, %s), (2, %s)])",
}

// compose returns the body of a function that the bytes describe.
func compose(program []byte) string {
	vars := []string{"a", "b", "c", "h"}
	out := []string{`a = 7`, `b = ["x"]`, `c = {"k": "v"}`}
	for i := 0; i+1 < len(program) && i < 60; i += 2 {
		piece, which := pieces[int(program[i])%len(pieces)], program[i+1]
		line := fmt.Sprintf(piece, vars[which&3], vars[which>>2&3], vars[which>>4&3])
		if times := which >> 6; times > 0 {
			line = fmt.Sprintf("for i in range(%d):\n    %s", 5*times, line)
		}
		out = append(out, line)
	}
	return strings.Join(append(out, "return None"), "\n")
}

// FuzzBombs checks that any composed call stays within a small multiple of its
// memory budget. A call that does not end makes the test hang.
func FuzzBombs(f *testing.F) {
	f.Add([]byte{2, 0xc0, 2, 0xc0, 6, 0})
	f.Add([]byte{3, 0xc0, 30, 0, 16, 0})
	f.Add([]byte{0, 0xff, 10, 0xc7, 11, 0xd3, 15, 0xe4})
	f.Add([]byte{32, 0xc0, 1, 0xc0, 24, 0xc0, 21, 0x11})
	f.Fuzz(func(t *testing.T, program []byte) {
		body := compose(program)
		rt := bombRouter(t, body)
		req := bombRequest(t)
		n := allocated(func() { _, _ = rt.Route(req) })
		assert.Less(t, n, uint64(maxBombBytes), body)
	})
}
