package pyast_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// dump writes a node as kind(kids), with its other fields.
func dump(n *pyast.Node) string {
	var parts []string
	for _, s := range []string{n.Op, n.Name, n.As} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	for _, kid := range n.Kids {
		parts = append(parts, dump(kid))
	}
	if len(parts) == 0 {
		return string(n.Kind)
	}
	return fmt.Sprintf("%s(%s)", n.Kind, strings.Join(parts, " "))
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"a = b = 1":                  "assignment(name(a) name(b) number)",
		"a: int = 1":                 "annotated(name(a) annotation(name(int)) number)",
		"a **= 2":                    "augmented(**= name(a) number)",
		"a, *b = c":                  "assignment(tuple(name(a) star(name(b))) name(c))",
		"import os.path as p, sys":   "import(alias(os.path p) alias(sys))",
		"from ..a import (b as c,)":  "from(.. a alias(b c))",
		"from a import *":            "from(a alias(*))",
		"x if y else z":              "expression(ifexp(name(x) name(y) name(z)))",
		"not a in b":                 "expression(unary(not compare(name(a) operator(in) name(b))))",
		"a is not b not in c":        "expression(compare(name(a) operator(is not) name(b) operator(not in) name(c)))",
		"-2 ** -x":                   "expression(unary(- binary(** number unary(- name(x)))))",
		"a + b * c | d":              "expression(binary(| binary(+ name(a) binary(* name(b) name(c))) name(d)))",
		"f(a, *b, c=1, **d)":         "expression(call(name(f) name(a) star(name(b)) keyword(c number) doublestar(name(d))))",
		"f(x for x in y if x)":       "expression(call(name(f) genexp(name(x) compfor(name(x) name(y) name(x)))))",
		"{**a, 'b': 1}":              "expression(dict(doublestar(name(a)) pair(string number)))",
		"{1, 2}":                     "expression(set(number number))",
		"{k: v for k, v in x}":       "expression(dictcomp(pair(name(k) name(v)) compfor(tuple(name(k) name(v)) name(x))))",
		"x[1:, ::2]":                 "expression(index(name(x) tuple(slice(number) slice(number))))",
		"lambda a, *b, c=1, **d: a":  "expression(lambda(params(param(a) param(* b) param(c number) param(** d)) name(a)))",
		"'a' f'b{c!r:>{d}}' \"e\"":   "expression(concat(string fstring(f field(r >{d} name(c))) string))",
		`f"{d["k"]=}{{}}{x != y}"`:   "expression(fstring(f field(index(name(d) string)) field(compare(name(x) operator(!=) name(y)))))",
		"if (n := 1): pass":          "if(if paren(walrus(name(n) number)) block(word(pass)))",
		"match = 1":                  "assignment(name(match) number)",
		"match x:\n  case 1:\n    y": "other(match)",
		"type X = int":               "other(type)",
		"async def f(): pass":        "other(async def(f params block(word(pass))))",
		"@d\nasync def f(): pass":    "other(async decorator(name(d)) def(f params block(word(pass))))",
		"def f[T: (A, B)](a): pass":  "def(f params(param(a)) block(word(pass)))",
		"class C[*T](D): pass":       "class(C name(D) block(word(pass)))",
		"@d\ndef f(a, /, b: int) -> c: pass": "def(f decorator(name(d)) params(param(a) param(/) param(b annotation(name(int)))) " +
			"annotation(name(c)) block(word(pass)))",
		"try:\n  a\nexcept (B, C) as d:\n  e\nelse:\n  f\nfinally:\n  g": "try(block(expression(name(a))) " +
			"except(d tuple(( name(B) name(C)) block(expression(name(e)))) block(else expression(name(f))) block(finally expression(name(g))))",
		"for x in a, b:\n  c\nelse: d": "for(name(x) tuple(name(a) name(b)) block(expression(name(c))) block(else expression(name(d))))",
		"a = 1; b = 2":                 "assignment(name(a) number) assignment(name(b) number)",
		"x = (1,\n  # no\n  2)\n":      "assignment(name(x) tuple(( number number))",
		"x = 1 \\\n  + 2":              "assignment(name(x) binary(+ number number))",
	} {
		file, err := pyast.Parse(text)
		if assert.NoError(t, err, text) {
			var got []string
			for _, kid := range file.Kids {
				got = append(got, dump(kid))
			}
			assert.Equal(t, want, strings.Join(got, " "), text)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x = (1,\n":       "8: the line ends where a value is expected",
		"x = 'a\n":        "4: this string is never closed",
		"x = 1)":          "5: nothing is open for this `)`",
		"if x\n  y":       "4: `:` is expected here",
		"if x:\ny":        "6: a block is expected here",
		"  x":             "2: this line is indented but belongs to no block",
		"if x:\n  y\n z":  "11: the indentation of this line matches no block around it",
		"x = $":           "4: this character has no meaning here",
		"x = 1 2":         "6: the statement ends before this",
		"x =\n":           "3: the line ends where a value is expected",
		"f'{a'":           "0: this string is never closed",
		"f'}'":            "2: a single `}` in a format string: write it twice",
		"f'{a b}'":        "5: this field of a format string continues where it should end",
		"f(a=1, b)":       "7: a positional argument follows a named argument",
		"def f(1): pass":  "6: a name is expected here",
		"try:\n  x\ny":    "9: `except` or `finally` is expected here",
		"from a import\n": "13: a name is expected here",
	} {
		_, err := pyast.Parse(text)
		var fault *pyast.Error
		if assert.ErrorAs(t, err, &fault, text) {
			assert.Equal(t, want, fmt.Sprintf("%d: %s", fault.Offset, fault.Message), text)
		}
	}
	_, err := pyast.Parse(strings.Repeat("(", 10000))
	require.ErrorContains(t, err, "nested too deeply")
}

// FuzzParse checks that any text gives nodes that nest and are in order, or an
// error with a position in the text.
func FuzzParse(f *testing.F) {
	f.Add("import os\nx = f\"{a!r:>{b}}\" 'c'\n")
	f.Add("def f(a, /, *b: int, c=1, **d) -> x:\n\tif (n := 1) < 2 <= 3: return {**a, 'b': [*c]}\n")
	f.Add("@a.b\nclass C(D, e=1):\n  x: int\n  async def f(): await x\n")
	f.Add("match x:\n case 1: pass\nwhile a: b; c\nelse: d\nwith a as b, c: e\n")
	f.Add("try:\n x\nexcept* E as e: y\nx[1:2, ::3] = lambda *, a: (yield)\n")
	f.Add("f'''{\n'a'\n}'''\r\n\\\n\f x")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			t.Skip()
		}
		file, err := pyast.Parse(text)
		var fault *pyast.Error
		if errors.As(err, &fault) {
			require.GreaterOrEqual(t, fault.Offset, 0)
			require.LessOrEqual(t, fault.Offset, len(text))
			return
		}
		require.NoError(t, err)
		pyast.Walk(file, func(n *pyast.Node) bool {
			at := n.Start
			for _, kid := range n.Kids {
				require.LessOrEqual(t, at, kid.Start, "%s in %s", dump(kid), dump(n))
				require.LessOrEqual(t, kid.Start, kid.End, "%s", dump(kid))
				at = kid.End
			}
			require.LessOrEqual(t, at, n.End, "%s", dump(n))
			return true
		})
	})
}
