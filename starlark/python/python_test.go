package python_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/python"
)

func parse(t *testing.T, text string) *python.File {
	t.Helper()
	f, wrong := python.Parse("ldconfig.py", text)
	if wrong != nil {
		require.Fail(t, wrong.Error())
	}
	return f
}

func TestMigrate(t *testing.T) {
	const imports = "import os, math, sys, json\nfrom os import environ, getenv\n"
	for text, want := range map[string]string{
		// strings
		`x = f"{a}-{b!s}"`:           `x = "{}-{}".format(a, b)`,
		`x = f"{a, b}"`:              `x = "{}".format((a, b))`,
		`x = f"{{}}"`:                `x = "{}"`,
		`x = F'{a:d}{b:s}'`:          `x = '{}{}'.format("%d" % (a), b)`,
		`x = "a" "b"`:                `x = "a" + "b"`,
		`x = "a""b"`:                 `x = "a" + "b"`,
		`x = "a" "b".upper()`:        `x = ("a" + "b").upper()`,
		`x = "%s" "b" % y`:           `x = ("%s" + "b") % y`,
		`x = u"a" R"\d" Rb"\x"`:      `x = "a" + r"\d" + rb"\x"`,
		`x = "\d\."`:                 `x = "\\d\\."`,
		`x = 1_000 + 0xFF_FF`:        `x = 1000 + 0xFFFF`,
		`x = "%02d/%s" % (i, "a")`:   "",
		`x = "{:d}".format(n)`:       `x = "{}".format("%d" % (n))`,
		`x = "{0:s}{1}".format(a,b)`: `x = "{0}{1}".format(a,b)`,

		// operators
		"x = a < b <= c":         "x = a < b and b <= c",
		"x = not a < b < c":      "x = not (a < b and b < c)",
		"x = a is not None":      "x = a != None",
		"x = 2 ** 8 - 1":         "x = 256 - 1",
		"x = 2 ** n":             "x = (1 << n)",
		"x = -n ** 2":            "x = -(n * n)",
		"x = type(y) is str":     `x = type(y) == "string"`,
		"x = [*a, 1, *[2]]":      "x = list(a) + [1] + [2]",
		"x = len([*a, 1])":       "x = len(list(a) + [1])",
		"x = [*a, 1][0]":         "x = (list(a) + [1])[0]",
		"x = {**a, 'b': 1}":      "x = a | {'b': 1}",
		"x = {**(a or b)}":       "x = dict((a or b))",
		"x = {1, 2}":             "x = set([1, 2])",
		"x = {y for y in z}":     "x = set([y for y in z])",
		"x = any(y for y in z)":  "x = any([y for y in z])",
		"x = list(y for y in z)": "x = [y for y in z]",
		"x = (y for y in z)":     "x = [y for y in z]",
		"f(*a, b)":               "f(*(list(a) + [b]))",
		"f(**a, b=1, **c)":       "f(b=1, **(a | c))",
		"x = isinstance(y, str)": `x = type(y) == "string"`,

		// statements
		"a = b = []":    "a = []\nb = a",
		"x: int = 1":    "x = 1",
		"x: int\ny = 1": "y = 1",
		"def f(a: int=1, /, *, b) -> x: return a": "def f(a = 1, *, b): return a",
		"if x:\n  import os\n":                    "if x:\n  pass",
		"import os; x = 1":                        "x = 1",
		"x = 1; import os":                        "x = 1",
		"raise ValueError(f'{x}')":                "fail('{}'.format(x))",
		"raise ValueError":                        `fail("ValueError")`,
		"raise X(a, b) from e":                    `fail("X(a, b)")`,
		"assert a or b, 'c'":                      "if not (a or b): fail('c')",
		"assert a":                                `if not a: fail("assertion failed: a")`,
		"del a[b]":                                "a.pop(b)",
		"if (n := f()) > 1:\n  x":                 "n = f()\nif (n) > 1:\n  x",
		"def f():\n  ...":                         "def f():\n  pass",
		"if __name__ == '__main__':\n  x":         "",
		"x.sort(key=f)":                           "x = sorted(x, key=f)",
		"x = enumerate(y, start=1)":               "x = enumerate(y, 1)",

		// the environment
		imports + `x = os.environ["A"]`:                          `x = env("A")`,
		imports + `x = environ.get("A")`:                         `x = env("A", None)`,
		imports + `x = getenv("A", default="b")`:                 `x = env("A", "b")`,
		imports + `x = os.getenv("A", 3)`:                        `x = (3 if env("A", None) == None else env("A"))`,
		imports + `x = int(os.environ["A"])`:                     `x = env.int("A")`,
		imports + `x = int(os.environ.get("A", "4"))`:            `x = env.int("A", 4)`,
		imports + `x = int(os.environ.get("A", os.cpu_count()))`: `x = env.int("A", cpu_count())`,
		imports + `x = int(os.environ.get("A", y))`:              `x = env.int("A", int(y))`,
		imports + `x = float(getenv("A", "0.5"))`:                `x = env.float("A", 0.5)`,
		imports + `x = int(getenv("A", "0.5"))`:                  `x = env.int("A", int("0.5"))`,
		imports + `x = "A" in os.environ`:                        `x = env("A", None) != None`,
		imports + `x = not "A" in environ`:                       `x = not (env("A", None) != None)`,
		imports + `x = len(os.sched_getaffinity(0)) or 1`:        `x = cpu_count() or 1`,
		imports + `x = math.ceil(1.5)`:                           `x = math.ceil(1.5)`,
		imports + `x = json.loads(y)`:                            `x = json.decode(y)`,
		imports + `sys.exit("no")`:                               `fail("no")`,
		imports + "env = os.environ['A']":                        "env_ = env('A')",
	} {
		m := parse(t, text).Migrate()
		for _, x := range m.Findings {
			assert.True(t, x.Migrates, "%s: %s", text, x.Message)
		}
		if want != "" || m.Text != "\n" {
			if want == "" {
				assert.Contains(t, m.Text, "zero_pad(i, 2)", text)
				continue
			}
			assert.Equal(t, want, strings.TrimRight(m.Text, "\n"), text)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"while x: pass":                    "`while` is Python",
		"class A: pass":                    "`class` is Python",
		"with a: pass":                     "`with` is Python",
		"try: a\nexcept E: b":              "`try` is Python",
		"raise":                            "`raise` is Python",
		"@a\ndef f(): pass":                "decorators are Python",
		"def f(): yield 1":                 "`yield` is Python",
		"global x":                         "`global` is Python",
		"a, *b = c":                        "a starred target",
		"x = f'{a:>8}'":                    "the format `:>8`",
		"x = '%-5s' % a":                   "the format `%-5s`",
		"x = f() < g() < h()":              "comparisons cannot be chained",
		"x = a ** b":                       "`**` is Python",
		"x = [y := 1, y]":                  "`:=` is Python",
		"x = open('f')":                    "`open` is not in Starlark",
		"x = '\\N{BULLET}'":                "`\\N` is Python",
		"x = 1j":                           "complex numbers",
		"import yaml":                      "cannot import `yaml`",
		"from os import fork":              "`os.fork` is not available",
		"import os\nx = os.getcwd()":       "`os.getcwd` is not available",
		"import os\nos.environ['A'] = 'b'": "does not change the environment",
		"import os\nx = dict(os.environ)":  "`os.environ` cannot be used like this",
		"import os\nx = os.path.abspath(__file__)": "`os.path.abspath` does not exist",
		"from typing import List\nx = [List]":      "`List` is a type",
		"load = 1\nx = load":                       "",
		"async def f(): pass":                      "`async` is Python",
		"match x:\n  case 1: pass":                 "`match` is Python",
		"for x in y: pass\nelse: pass":             "`for` has no `else`",
		"def f(x):\n  x.sort()":                    "a list has no `.sort`",
		"try:\n  x = int(os.environ['A'])\nexcept (KeyError, ValueError):\n  x = 1": "`try` is Python",
	} {
		m := parse(t, text).Migrate()
		var got []string
		for _, x := range m.Findings {
			if !x.Migrates {
				got = append(got, x.Message)
			}
		}
		if want == "" {
			continue
		}
		assert.False(t, m.Complete(), text)
		assert.Contains(t, strings.Join(got, "\n"), want, text)
	}
}

// TestBlank checks the replacements of Python constructs.
func TestBlank(t *testing.T) {
	for text, want := range map[string]string{
		"import os":                         "pass     ",
		"from a import (\n  b,\n)\nx = 1":   "pass           \n    \n \nx = 1",
		"x: List[int] = 1_0":                "x            = 10 ",
		"x:T":                               "0  ",
		"é: 'é' = u'é'; import os":          "é      =  'é'; pass     ",
		"def f(a: int, *b: str) -> c: pass": "def f(a     , *b     )     : pass",
		"x = a is None is not b":            "x = a == None !=     b",
		"x = 'a' 'b'":                       "x = 'a'+'b'",
		"x = ('a'\n     'b')":               "x = ('a'\n    +'b')",
		"x = 'a' 'b'.c":                     "x = 'a' 'b'.c",
		"try:\n  import os\nexcept ImportError:\n  x\ny": "pass\n           \n                   \n   \ny",
		"if __name__ == '__main__':\n  x()\n":            "pass                      \n     \n",
		"from typing import List\nX = List[int]\n":       "pass                   \npass         \n",
	} {
		assert.Equal(t, want, parse(t, text).Blank(), text)
	}
}

// FuzzMigrate checks that any Python can be blanked without moving anything,
// and rewritten as far as possible.
func FuzzMigrate(f *testing.F) {
	f.Add("import os\nfrom typing import List\nx: List = f\"{os.environ['A']!r:02d}\" 'c' \"%02d\" % 3\n")
	f.Add("def f(a, /, *b: int, c=1, **d) -> x:\n\tif (n := 1) < 2 <= 3: return {**a, 'b': [*c]}\n")
	f.Add("try:\n  x = int(os.environ['A'])\nexcept KeyError:\n  raise E('x') from None\n")
	f.Add("a = b = 2**3; del c[1]; assert a is b, 'c'; raise X\n")
	f.Add("if __name__ == '__main__': import x\nelse: {y for y in z}; f(**a, b=1); g(*a, *b)\n")
	f.Add("x = '\\d' \"{:02}\".format(1); y = (*a, 1); z = {*a}; w = {**a}; w.copy()\n")
	corpus, err := filepath.Glob(filepath.Join("..", "..", "cmd", "ldcorn", "testdata", "python", "*.txtar"))
	require.NoError(f, err)
	for _, path := range corpus {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".py" {
				f.Add(string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || !utf8.ValidString(text) {
			t.Skip()
		}
		file, wrong := python.Parse("f.py", text)
		if wrong != nil {
			return
		}
		before, after := strings.Split(text, "\n"), strings.Split(file.Blank(), "\n")
		require.Len(t, after, len(before))
		for i := range before {
			require.Equal(t, utf8.RuneCountInString(before[i]), utf8.RuneCountInString(after[i]))
		}
		m := file.Migrate()
		for _, x := range m.Findings {
			require.LessOrEqual(t, x.Start, x.End)
			require.LessOrEqual(t, x.End, len(text))
			require.NotEmpty(t, x.Message)
			require.Positive(t, file.Span(x).Line)
		}
		require.NotContains(t, m.Text, "\x00")
		_ = file.Partial(m)
	})
}
