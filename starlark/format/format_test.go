package format

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

func TestFormat(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":  {"", ""},
		"blanks": {"x=1;y = [ 1,2 ]", "x = 1\ny = [1, 2]\n"},
		"quotes": {`x = 'a' + 'b"c' + '"'`, `x = "a" + 'b"c' + '"'` + "\n"},
		"beyond ASCII": {`x = 'é' + 'it\'s\n☃\\' + 'a"é' + '''é''' + "é"`,
			`x = "é" + "it's\n☃\\" + 'a"é' + """é""" + "é"` + "\n"},
		"one line":   {`config=LdConfig(workers=[WorkerGroup("a",app="m:a",)])`, `config = LdConfig(workers = [WorkerGroup("a", app = "m:a")])` + "\n"},
		"many lines": {"x = f(a=1,\n  b=2)\n", "x = f(\n    a = 1,\n    b = 2,\n)\n"},
		"order stays": {`load("b.star", "z", "a")` + "\n" + `load("a.star", "b")` + "\nx = f(b = 1, name = 2, a = [\"z\", \"a\"])\n",
			`load("b.star", "z", "a")` + "\n" + `load("a.star", "b")` + "\n\nx = f(b = 1, name = 2, a = [\"z\", \"a\"])\n"},
		"comments": {"# top\nx=[ # why\n1,\n\n# two\n2 # last\n# end\n]# after\n# bottom", "# top\nx = [\n    # why\n    1,\n\n    # two\n    2,  # last\n    # end\n]  # after\n# bottom\n"},
		"Windows":  {"\ufeffx=1\r\ny=2\r\n", "x = 1\ny = 2\n"},
		"tabs":     {"def f():\n\tif x:\n\t\treturn '''a\n\tb'''\n", "def f():\n    if x:\n        return \"\"\"a\n\\tb\"\"\"\n"},
		"operators": {"x = not_(header('x'))&~method('GET')|path('/x')",
			`x = not_(header("x")) & ~method("GET") | path("/x")` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Format("x.star", []byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
			again, err := Format("x.star", got)
			require.NoError(t, err)
			assert.Equal(t, string(got), string(again))
		})
	}
}

func TestFormatSyntaxError(t *testing.T) {
	_, err := Format("x.star", []byte("import os\nx = f\"{a}\"\n"))
	var report *diag.Report
	require.ErrorAs(t, err, &report)
	assert.Equal(t, 2, report.Count(diag.Error))

	_, err = Format("x.star", []byte(`x = b"abc"`))
	assert.EqualError(t, err, `x.star:1:11: cannot be formatted: syntax error near "abc"`)
}

// TestSame checks which differences between two files sameProgram finds.
func TestSame(t *testing.T) {
	text := "# c\nx = [1, 1.5, 'a', (b + c) * d]\nif x:\n    y = 1\nz = f(a, *b, k = 2, **c)\n"
	before, report := config.Parse("a", []byte(text))
	require.Nil(t, report)
	for change, want := range map[[2]string]bool{
		{"'a'", `"a"`}:                   true,
		{" (b + c) * d", " ((b+c)) * d"}: true,
		{"1.5", "1.50"}:                  true,
		{"(b + c) * d", "b + c * d"}:     false,
		{"1, ", "1.0, "}:                 false,
		{"'a'", "'b'"}:                   false,
		{"y = 1\nz", "y = 1\n    z"}:     false,
		{"k = 2, ", ""}:                  false,
		{"*b", "b"}:                      false,
		{"x:", "not x:"}:                 false,
	} {
		after, report := config.Parse("a", []byte(strings.ReplaceAll(text, change[0], change[1])))
		require.Nil(t, report)
		assert.Equal(t, want, sameProgram(before, after), change)
		assert.True(t, sameComments(before, after), change)
	}
	after, report := config.Parse("a", []byte(strings.ReplaceAll(text, "# c\n", "")))
	require.Nil(t, report)
	assert.False(t, sameComments(before, after))
}

// TestExamplesAreFormatted checks that the examples have the form that fmt
// gives.
func TestExamplesAreFormatted(t *testing.T) {
	root := filepath.Join("..", "..")
	paths, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.star"))
	require.NoError(t, err)
	for _, path := range append(paths, filepath.Join(root, "ldconfig.star.example")) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := Format(path, text)
		require.NoError(t, err)
		assert.Equal(t, string(text), string(got), "go run ./cmd/ldcorn fmt %s", strings.TrimPrefix(path, root+"/"))
	}
}

// FuzzFormat checks the promises of Format for any text: the result has the
// same meaning and comments, and is stable. Otherwise Format must return an
// error.
func FuzzFormat(f *testing.F) {
	f.Add("x=1;y = [ 1,2 ]\n")
	f.Add("# top\nx=[ # why\n1,\n\n# two\n2 # last\n# end\n]# after\n# bottom")
	f.Add("def f(a,b=1,*c,**d):\n\t\"doc\"\n\tif a: return (b)\n\telif c:\n\t  pass # x\n\telse:\n\t  return lambda x,y=1:x\n")
	f.Add("x = {1:2,**a}\ny = [a for a in b if c for d in (e,)]\nz = a if b else c\nfor i,j in k: break\n")
	f.Add("load('a.star','b',c='d')\nx = a[1:2][::3].b(not c in d, -e**f) or g and ~h\nx+=1\n")
	f.Add("a = '''x\n\ty''' % r'\\d' + \"\\x00\\\"\" \\\n + 'b'\n")
	for _, pattern := range []string{"../../examples/*/*.star", "../*/testdata/*.star", "../../ldconfig.star.example"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			for chunk := range strings.SplitSeq(string(text), "\n---\n") {
				f.Add(chunk)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := Format("f.star", []byte(text))
		if err != nil {
			return
		}
		before, report := config.Parse("f.star", []byte(text))
		require.Nil(t, report)
		after, report := config.Parse("f.star", out)
		require.Nil(t, report, "%s", out)
		require.True(t, sameProgram(before, after), "%s", out)
		require.True(t, sameComments(before, after), "%s", out)
		again, err := Format("f.star", out)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	})
}
