package diag

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestLexer(t *testing.T) {
	text := "a = f'x{y}' # ldcorn\n  b='''1\n2''' + \"open\n(c,\n d)\n"
	var got []string
	for _, tok := range lex(text) {
		if tok.kind != tokenNewline {
			got = append(got, tok.text)
		}
	}
	assert.Equal(t, []string{"a", "=", "f'x{y}'", "# ldcorn", "b", "=", "'''1\n2'''", "+", "\"open", "(", "c", ",", "d", ")"}, got)
	// Whatever the text is, every character is in a token or between two.
	for _, s := range []string{"", "\\", "\\\n", "'", "'\\", "é\u00a0ü", ")))", "\x00\xff", "'''", "r\"\\\"", "1.5e3.x", "#"} {
		assert.NotPanics(t, func() { lex(s) }, "%q", s)
	}
}

func parse(t *testing.T, text string) []Diagnostic {
	t.Helper()
	_, err := (&syntax.FileOptions{}).Parse("f.star", text, 0)
	var e syntax.Error
	require.ErrorAs(t, err, &e)
	sources := &Sources{}
	sources.Add("f.star", text)
	return Syntax(e, sources)
}

func TestSyntaxPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"x = (1, 2\n":                        "f.star:1:5: `(` is never closed",
		"x = [1, 2)\n":                       "f.star:1:10: `)` does not match the open `[`",
		"x = {'a' 1}\n":                      "f.star:1:10: unexpected `1`",
		"x = 1 2\n":                          "f.star:1:7: unexpected `2`",
		"x = \n":                             "f.star:1:3: the line ends where a value is expected",
		"f(a b)\n":                           "f.star:1:5: unexpected `b`",
		"f(\"a\" b)\n":                       "f.star:1:7: unexpected `b`",
		"x = 'abc\ny = 2\n":                  "f.star:1:5: this string is never closed",
		"if x = 1:\n  pass\n":                "f.star:1:6: `=` assigns and does not compare",
		"def f(:\n  pass\n":                  "f.star:1:7: unexpected `:`",
		"  x = 1\n":                          "f.star:1:3: this line is indented but belongs to no block",
		"def f():\n    x = 1\n  y = 2\n":     "f.star:3:3: the indentation of this line matches no block around it",
		"f(\n  a: 2,\n)\n":                   "f.star:2:4: `:` does not give an argument its value",
		"f(a=main:app, b=1)\n":               "f.star:1:5: `main:app` needs quotes",
		"f(a=127.0.0.1:8000)\n":              "f.star:1:5: `127.0.0.1:8000` needs quotes",
		"f(a=/srv/app)\n":                    "f.star:1:5: `/srv/app` needs quotes",
		"f(a=30s)\n":                         "f.star:1:5: `30s` needs quotes",
		"f(a=[*])\n":                         "f.star:1:6: `*` needs quotes",
		"f(a=[b c])\n":                       "f.star:1:8: unexpected `c`",
		"x = “a”\n":                          "f.star:1:5: “ is a typographic quote",
		"x = f(a=‘b’)\n":                     "f.star:1:9: ‘ is a typographic quote",
		"x\u00a0= 1\n":                       "f.star:1:2: the character U+00A0 here is no ordinary space",
		"x = 1 – 2\n":                        "f.star:1:7: – is a typographic dash",
		"match a:\n  case 1:\n    b = 1\n":   "f.star:1:1: `match` is Python, not Starlark",
		"a: 1\nb:\n  - c: 2\n    d: 3\n":     "f.star:2:1: this is YAML, but a configuration is written in Starlark",
		"---\na: 1\n":                        "f.star:1:1: this is YAML, but a configuration is written in Starlark",
		"b = '''\n- c: 1\n''' 1\n":           "f.star:3:5: unexpected `1`",
		"x = 1 $ 2\n":                        "f.star:1:7: this character has no meaning here",
		"for x in y\n  pass\n":               "f.star:1:10: the line ends where `:` is expected",
		"load('a.star')\n":                   "f.star:1:5: this load names nothing to import",
		"x = f'{a}' + f'{b:>3}'\n":           "f.star:1:5: f-strings are Python, not Starlark",
		"x = lambda a: a is b\n":             "f.star:1:17: `is` is Python, not Starlark",
		"x = a ** b\n":                       "f.star:1:7: `**` is Python, not Starlark",
		"x = {**a}\n":                        "f.star:1:6: `**` cannot spread a dict into another",
		"x = yield 1\n":                      "f.star:1:5: `yield` is Python, not Starlark",
		"@cache\ndef f():\n  pass\n":         "f.star:1:1: decorators are Python, not Starlark",
		"x = u'a'\n":                         "f.star:1:5: a string needs no `u` before it",
		"print 'a'\n":                        "f.star:1:1: `print` is a function",
		"if a:\n  pass\nelse if b:\n  x=1\n": "f.star:3:1: `else if` is not Starlark",
		"x: str = 'a'\n":                     "f.star:1:2: type annotations are Python, not Starlark",
		"a = 1\n// note\n":                   "f.star:2:1: `//` does not begin a comment",
	} {
		found := parse(t, text)
		require.NotEmpty(t, found, text)
		assert.Equal(t, want, found[0].Error(), text)
		assert.Len(t, found, 1, text)
	}
}

func TestFormatCall(t *testing.T) {
	for text, want := range map[string]string{
		`f"web-{zone}"`:         `"web-{}".format(zone)`,
		`f'{a.b}:{c[1]}/{d()}'`: `'{}:{}/{}'.format(a.b, c[1], d())`,
		`f"{a!r}"`:              `"{} …".format(value)`,
		`f"{a:>3}"`:             `"{} …".format(value)`,
		`f"{{}}"`:               `"{} …".format(value)`,
		`rf"{a}"`:               `"{}".format(a)`,
	} {
		assert.Equal(t, want, formatCall(lex(text)[0]), text)
	}
}

func TestWriteText(t *testing.T) {
	sources := &Sources{}
	sources.Add("f.star", "\tx = \"é\" + y\x1b[31m\r\n"+strings.Repeat("a", 300)+"BBB"+strings.Repeat("c", 300))
	r := &Report{Sources: sources}
	r.Add(Diagnostic{Code: "L001", Severity: Error, Message: "bad \x1b[31m", Span: Span{File: "f.star", Line: 1, Col: 12, End: 13}, Label: "here",
		Trace: []Frame{{"f", Span{File: "g.star", Line: 3, Col: 1}}}, Detail: []string{"more"}, Hint: "try"})
	r.Add(Diagnostic{Code: "W101", Severity: Warning, Message: "long", Span: Span{File: "f.star", Line: 2, Col: 301, End: 304}})
	r.Add(Diagnostic{Code: "W102", Severity: Warning, Message: "no line", Span: Span{File: "f.star"}, Label: "label"})
	r.Add(Diagnostic{Code: "W103", Severity: Warning, Message: "no place", Label: "label"})
	r.Add(Diagnostic{Code: "W103", Severity: Warning, Message: "no place", Label: "label"})
	var out bytes.Buffer
	require.NoError(t, WriteText(&out, r, TextOptions{}))
	assert.Equal(t, "error[L001]: bad \\x1b[31m\n"+
		" --> f.star:1:12\n"+
		"  |\n"+
		"1 |     x = \"é\" + y\\x1b[31m\n"+
		"  |               ^ here\n"+
		"  = in f, called at g.star:3:1\n"+
		"  = more\n"+
		"  = hint: try\n"+
		"\n"+
		"warning[W101]: long\n"+
		" --> f.star:2:301\n"+
		"  |\n"+
		"2 | …"+strings.Repeat("a", 25)+"BBB"+strings.Repeat("c", 72)+"…\n"+
		"  | "+strings.Repeat(" ", 26)+"^^^\n"+
		"\n"+
		"warning[W102]: no line\n --> f.star\n  = label\n"+
		"\n"+
		"warning[W103]: no place\n  = label\n  = found here 2 times\n"+
		"\n"+
		"1 error, 3 warnings\n", out.String())

	out.Reset()
	require.NoError(t, WriteText(&out, r, TextOptions{Color: true}))
	assert.Contains(t, out.String(), styleError+"error[L001]"+styleReset)
	out.Reset()
	require.NoError(t, WriteText(&out, &Report{}, TextOptions{}))
	assert.Empty(t, out.String())
}

func TestWriteJSONIsValid(t *testing.T) {
	r := &Report{}
	r.Add(Diagnostic{Code: "L001", Severity: Error, Message: "<\x1b>", Span: Span{File: "f", Line: 1, Col: 2}})
	var out bytes.Buffer
	require.NoError(t, WriteJSON(&out, r))
	var got map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.EqualValues(t, api.CheckVersion, got["format_version"])
	assert.EqualValues(t, 1, got["errors"])
}

func TestWriteGitHubEscapes(t *testing.T) {
	r := &Report{}
	r.Add(Diagnostic{Code: "L001", Severity: Error, Message: "50%\nmore", Span: Span{File: "a,b:c", Line: 1, Col: 2, End: 5}})
	var out bytes.Buffer
	require.NoError(t, WriteGitHub(&out, r))
	assert.Equal(t, "::error file=a%2Cb%3Ac,line=1,col=2,endColumn=5,title=ldcorn L001::50%25%0Amore\n", out.String())
}

func TestSort(t *testing.T) {
	r := &Report{}
	for _, s := range []Span{{File: "b", Line: 1, Col: 1}, {File: "main", Line: 2, Col: 1}, {File: "main", Line: 1, Col: 9}, {File: "a", Line: 3, Col: 1}} {
		r.Add(Diagnostic{Span: s, Severity: Error, Message: "m"})
	}
	r.Sort("main")
	assert.Equal(t, "main:1:9: m\nmain:2:1: m\na:3:1: m\nb:1:1: m", r.Error())
}

// TestWriteText_Width: a line is shown in part if it, or the label under it, is too
// wide, and the mark stays under what it marks.
func TestWriteText_Width(t *testing.T) {
	for name, c := range map[string]struct{ before, after, label int }{
		"short":            {20, 20, 20},
		"long before":      {150, 5, 20},
		"long behind":      {5, 150, 20},
		"long":             {150, 150, 60},
		"label":            {90, 3, 60},
		"label behind all": {97, 0, 70},
	} {
		t.Run(name, func(t *testing.T) {
			sources := new(Sources)
			sources.Add("f.star", strings.Repeat("a", c.before)+"BBB"+strings.Repeat("c", c.after))
			r := &Report{Sources: sources}
			r.Add(Diagnostic{Code: "L001", Message: "bad", Span: Span{File: "f.star", Line: 1, Col: c.before + 1, End: c.before + 4}, Label: strings.Repeat("l", c.label)})
			var out strings.Builder
			require.NoError(t, WriteText(&out, r, TextOptions{}))
			lines := strings.Split(out.String(), "\n")
			for _, line := range lines {
				assert.LessOrEqual(t, utf8.RuneCountInString(line), len("1 | ")+lineLimit+2, line)
			}
			text, marks := []rune(lines[3]), []rune(lines[4])
			from := strings.Index(lines[4], "^")
			assert.Equal(t, "BBB", string(text[from:from+3]))
			assert.Equal(t, "^^^", string(marks[from:from+3]))
		})
	}
}

// TestWriteText_Reader: what is printed fits a reader of a known width.
func TestWriteText_Reader(t *testing.T) {
	wrap := func(text string, width int) string { // as terminal.Wrap, which this package must not import
		var out strings.Builder
		used := 0
		for word := range strings.FieldsSeq(text) {
			if used > 0 && used+1+len(word) > width {
				out.WriteString("\n")
				used = 0
			} else if used > 0 {
				out.WriteString(" ")
				used++
			}
			out.WriteString(word)
			used += len(word)
		}
		return out.String()
	}
	sources := new(Sources)
	sources.Add("f.star", strings.Repeat("a", 90)+"BBB"+strings.Repeat("c", 90))
	words := strings.Repeat("word ", 30)
	r := &Report{Sources: sources}
	r.Add(Diagnostic{Code: "L001", Severity: Error, Message: words, Span: Span{File: "f.star", Line: 1, Col: 91, End: 94},
		Label: words, Hint: words + "one", Detail: []string{words}})
	r.Add(Diagnostic{Code: "L002", Severity: Error, Message: words, Span: Span{File: "f.star", Line: 1, Col: 91, End: 94}, Label: "short", Hint: words + "two"})
	r.Add(Diagnostic{Code: "L003", Severity: Error, Message: "m", Label: words, Hint: words + "two"})
	for _, width := range []int{60, 80} {
		var out strings.Builder
		require.NoError(t, WriteText(&out, r, TextOptions{Width: width, Wrap: wrap}))
		for line := range strings.SplitSeq(out.String(), "\n") {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), width, line)
		}
		assert.Equal(t, 7*30, strings.Count(out.String(), "word"), "nothing is lost")
		assert.Contains(t, out.String(), "^^^ short\n")
	}
}

// TestWriteText_LabelBelow checks that a label which does not fit behind the mark goes to a
// line of its own.
func TestWriteText_LabelBelow(t *testing.T) {
	for _, c := range []struct{ before, mark, label, after int }{
		{0, 62, 30, 0}, {10, 40, 45, 20}, {110, 15, 48, 5}, {110, 40, 30, 80}, {0, 20, 50, 0}, {30, 3, 49, 0}, {0, 90, 10, 0},
	} {
		sources := new(Sources)
		sources.Add("f.star", strings.Repeat("a", c.before)+strings.Repeat("B", c.mark)+strings.Repeat("c", c.after))
		r := &Report{Sources: sources}
		r.Add(Diagnostic{Code: "L001", Message: "bad", Span: Span{File: "f.star", Line: 1, Col: c.before + 1, End: c.before + c.mark + 1}, Label: strings.Repeat("l", c.label)})
		var out strings.Builder
		require.NoError(t, WriteText(&out, r, TextOptions{Width: 80, Wrap: func(s string, _ int) string { return s }}))
		for line := range strings.Lines(out.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, "%v\n%s", c, &out)
		}
		assert.Contains(t, out.String(), " "+strings.Repeat("l", c.label)+"\n")
	}
}

// TestWriteText_SharedHint: a hint that several diagnostics have is printed once,
// at the end.
func TestWriteText_SharedHint(t *testing.T) {
	r := &Report{Sources: new(Sources)}
	for _, d := range []Diagnostic{{Message: "one", Hint: "same"}, {Message: "two", Hint: "other"}, {Message: "three", Hint: "same"}} {
		d.Code, d.Severity, d.Span = "L001", Error, Span{File: "f.star"}
		r.Add(d)
	}
	var out strings.Builder
	require.NoError(t, WriteText(&out, r, TextOptions{}))
	assert.Equal(t, "error[L001]: one\n --> f.star\n\nerror[L001]: two\n --> f.star\n  = hint: other\n\nerror[L001]: three\n --> f.star\n\n"+
		"hint: for L001 at f.star: same\n\n3 errors\n", out.String())

	end := func(ds ...Diagnostic) string {
		r := &Report{Sources: new(Sources)}
		for i, d := range ds {
			d.Message, d.Severity, d.Span = string(rune('a'+i)), Warning, Span{File: "f.star", Line: i + 1, Col: 1}
			r.Add(d)
		}
		var out strings.Builder
		require.NoError(t, WriteText(&out, r, TextOptions{}))
		_, text, _ := strings.Cut(out.String(), "\nhint: ")
		text, _, _ = strings.Cut(text, "\n")
		return text
	}
	a, b, none := Diagnostic{Code: "W120", Hint: "same"}, Diagnostic{Code: "W121", Hint: "same"}, Diagnostic{Code: "W137"}
	assert.Equal(t, "same", end(a, b, a))
	assert.Equal(t, "for W120, W121: same", end(a, b, a, none))
	assert.Equal(t, "for W120 at f.star:1:1, W120 at f.star:3:1: same", end(a, Diagnostic{Code: "W120"}, a))
	assert.Equal(t, "for W120: same", end(a, a, a, a, a, Diagnostic{Code: "W120"}))
}
