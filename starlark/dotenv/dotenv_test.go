package dotenv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/dotenv"
)

func lookup(name string) (string, bool) { return "h", name == "HOME" }

// TestParse has what python-dotenv reads from the same texts, except for single quotes.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"  # c\n\n; c\nA=1":                 "A=1",
		"\ufeffA=1":                         "A=1",
		"A=#c":                              "A=#c",
		"A= # c":                            "A=",
		"A=a#b":                             "A=a#b",
		"A=a #b":                            "A=a",
		"A = b ":                            "A=b",
		"A==1":                              "A==1",
		"A=":                                "A=",
		"A\nB=1":                            "B=1",
		"A=1\r\nB=2\rC=3":                   "A=1|B=2|C=3",
		"export A=1\nexport\tB=2":           "A=1|B=2",
		"export=1":                          "export=1",
		"'A'=1":                             "A=1",
		"A=1\nA=2":                          "A=1|A=2",
		`A="a\n\t\$\q\\b"`:                  "A=a\n\t\\$\\q\\b",
		`A='it\'s \n'`:                      `A=it's \n`,
		"A=\"a\nb # c\nd\" # e\nB=1":        "A=a\nb # c\nd|B=1",
		"A='x'#c":                           "A=x",
		"A=b'c'd":                           "A=b'c'd",
		`A=a\nb`:                            `A=a\nb`,
		"A=$HOME ${HOME} ${NO:-d} ${NO}.":   "A=$HOME h d .",
		`A="${HOME}${NO:-}"`:                "A=h",
		"A='${HOME}'":                       "A=${HOME}",
		"A=1\nB=${A}\nA=2\nC=${A}":          "A=1|B=1|A=2|C=2",
		"HOME=file\nB=${HOME}":              "HOME=file|B=h",
		"A=${NO-x}":                         "A=",
		"A=\u00a0größe\u00a0 # c\nB=\u2603": "A=größe|B=\u2603",
		"A=postgres://u:p@h/db?x=1&y=#2":    "A=postgres://u:p@h/db?x=1&y=#2",
	} {
		vars, err := dotenv.Parse(text, lookup)
		require.NoError(t, err, "%q", text)
		var got []string
		for _, v := range vars {
			got = append(got, v.Name+"="+v.Value)
		}
		assert.Equal(t, want, strings.Join(got, "|"), "%q", text)
	}
}

func TestParse_Errors(t *testing.T) {
	const nameRule = "a name has letters, digits and _, and does not begin with a digit"
	for text, want := range map[string]dotenv.Error{
		"A: hunter2":         {Line: 1, Col: 2, Message: "this is not NAME=value", Hint: "write = after the name"},
		"A=1\nhunter2 is it": {Line: 2, Col: 9, Message: "this is not NAME=value", Hint: "write = after the name"},
		"\r\n\r\n  a-b=1":    {Line: 3, Col: 4, Message: "this cannot be in a name", Hint: nameRule},
		"=1":                 {Line: 1, Col: 1, Message: "this is not NAME=value", Hint: nameRule},
		"'A b'=1":            {Line: 1, Col: 1, Message: "this is not NAME=value", Hint: nameRule},
		"A=\"hunter2\nB=1":   {Line: 1, Col: 3, Message: "this quote has no end", Hint: `add " at the end of the value`},
		"A='hunter2\\'":      {Line: 1, Col: 3, Message: "this quote has no end", Hint: "add ' at the end of the value"},
		`A="hun" ter2`:       {Line: 1, Col: 9, Message: "this follows the end of the quoted value", Hint: `write \" for a quote in the value`},
		"A=\xff":             {Line: 1, Col: 3, Message: "this is not UTF-8 text", Hint: ""},
		"A=1\nB=\x00":        {Line: 2, Col: 3, Message: "this is a NUL byte, which no variable can have", Hint: ""},
	} {
		_, err := dotenv.Parse(text, lookup)
		var got dotenv.Errors
		require.ErrorAs(t, err, &got, "%q", text)
		require.Len(t, got, 1, "%q", text)
		assert.EqualExportedValues(t, want, *got[0], "%q", text)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

// TestParse_AllErrors checks that every wrong line is reported, up to a quote without
// an end and up to a limit.
func TestParse_AllErrors(t *testing.T) {
	places := func(text string) (out []string) {
		_, err := dotenv.Parse(text, lookup)
		var got dotenv.Errors
		require.ErrorAs(t, err, &got, "%q", text)
		for _, e := range got {
			out = append(out, fmt.Sprintf("%d:%d", e.Line, e.Col))
		}
		return out
	}
	assert.Equal(t, []string{"1:3", "3:3", "4:7", "5:3"}, places("MY-VAR=1\nB=2\nC X\nD=\"a\" b\nE='a\nF-1=1\n"))
	assert.Equal(t, []string{"1:3", "4:7", "6:3"}, places("A='one\n\n  two\nB=\"x\" y\nC=3\nD X\n"), "a quote without an end hides no later line")
	assert.Equal(t, []string{"1:3", "3:7"}, places("A=\"one\nB=2\nC=\"x\" y\n"), "nor does one that ends in another value")
	assert.Len(t, places(strings.Repeat("A B\n", 100)), 20)
}

// TestVariable_Swallows checks that a line which a value has taken in is found.
func TestVariable_Swallows(t *testing.T) {
	vars, err := dotenv.Parse("A=1\r\nB=\"one\r\nexport C=2\r\n D=3 \r\nE=\"\nF='x\\nG=1'\n", lookup)
	require.NoError(t, err)
	require.Len(t, vars, 3)
	assert.Equal(t, []int{1, 2, 6}, []int{vars[0].Line, vars[1].Line, vars[2].Line})
	assert.Equal(t, []int{0, 3, 4, 5, 0}, []int{vars[1].Swallows("B"), vars[1].Swallows("C"), vars[1].Swallows("D"), vars[1].Swallows("E"), vars[1].Swallows("F")})
	assert.Zero(t, vars[2].Swallows("G"))
}

// TestParse_Bomb: variables in values cannot use up the memory.
func TestParse_Bomb(t *testing.T) {
	_, err := dotenv.Parse("A=xxxxxxxx\n"+strings.Repeat("A=${A}${A}\n", 60), lookup)
	require.ErrorContains(t, err, "line 20: the variables in the values make them too long")
}

// FuzzParse: no text makes the parser fail, hang, or show a value in an error.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"A=1\n", "A=\"${B:-c}\"", "export A='\\'' # c", "\ufeff;\r\nA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := dotenv.Parse(text, lookup)
		if err != nil {
			assert.Empty(t, vars)
			return
		}
		for _, v := range vars {
			assert.NotContains(t, v.Value, "\x00")
			assert.NotEmpty(t, v.Name)
		}
	})
}
