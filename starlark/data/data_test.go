package data_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/data"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		format data.Format
		text   string
		want   string
	}{
		{data.JSON, "\ufeff" + `{"b": [1, 2.0, null, true], "a": "é"}`, `{"b": [1, 2.0, None, True], "a": "é"}`},
		{data.JSON, `12345678901234567890123`, `12345678901234567890123`},
		{data.YAML, "b: [1, 2.0, null, true, ~]\na: é\n", `{"b": [1, 2.0, None, True, None], "a": "é"}`},
		{data.YAML, "", `None`},
		{data.YAML, "# only a comment\n", `None`},
		{data.YAML, "---\na: 1\n...\n", `{"a": 1}`},
		{data.YAML, "a: yes\nb: off\nc: 'true'\nd: 1_000\ne: 0x1F\nf: 0o17\ng: 1e3\nh: .inf\n", `{"a": "yes", "b": "off", "c": "true", "d": 1000, "e": 31, "f": 15, "g": 1000.0, "h": +inf}`},
		{data.YAML, "a: 2001-12-14\nb: 12345678901234567890123\nc: 18446744073709551615\nd: -9223372036854775808", `{"a": "2001-12-14", "b": 12345678901234567890123, "c": 18446744073709551615, "d": -9223372036854775808}`},
		{data.YAML, "8000: x\ntrue: y\n", `{8000: "x", True: "y"}`},
		{data.YAML, "a: |\n  x\n  y\nb: >\n  x\n  y\n", `{"a": "x\ny\n", "b": "x y\n"}`},
		{data.YAML, "base: &b {n: 1, m: 2}\nweb:\n  <<: *b\n  n: 3\nall:\n  <<: [{o: 1}, *b]\nlist: [*b, *b]", `{"base": {"n": 1, "m": 2}, "web": {"n": 3, "m": 2}, "all": {"o": 1, "n": 1, "m": 2}, "list": [{"n": 1, "m": 2}, {"n": 1, "m": 2}]}`},
		{data.YAML, `{"a": [1, {"b": null}]}`, `{"a": [1, {"b": None}]}`},
		{data.YAML, "a: !!str 1\nb: \"x\\ty\"", `{"a": "1", "b": "x\ty"}`},
		{data.TOML, "z = 1\na = 2.0\nd = 1979-05-27\nt = 07:32:00\nl = 1979-05-27T07:32:00\no = 1979-05-27T00:32:00.5-07:00\n[y.x]\nw = [true, 'v']\n[[u]]\nn = 1\nm = 2\n[[u]]\nm = 3\n[b]\ni = {k = 1, j = 2}",
			`{"z": 1, "a": 2.0, "d": "1979-05-27", "t": "07:32:00", "l": "1979-05-27T07:32:00", "o": "1979-05-27T00:32:00.5-07:00", "y": {"x": {"w": [True, "v"]}}, "u": [{"n": 1, "m": 2}, {"m": 3}], "b": {"i": {"k": 1, "j": 2}}}`},
		{data.TOML, "", `{}`},
	} {
		v, err := c.format.Decode(new(starlark.Thread), c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, v.String(), "%s %q", c.format.Name, c.text)
	}
}

func TestDecode_Errors(t *testing.T) {
	for _, c := range []struct {
		format data.Format
		text   string
		want   string
	}{
		{data.JSON, "{\n  \"é\": 1,\n}", "3:1: unexpected character '}'"},
		{data.JSON, `{"a": [{"b": 1}, {"b": 2}], "c": {"a": 1, "d": [1]},` + "\n" + ` "\u0061": "c"}`, `2:2: the key "a" is there twice`},
		{data.JSON, `[{"x": 1, "y": {"y": 1e99}, "y": 3}]`, `1:29: the key "y" is there twice`},
		{data.JSON, "[1, 2", "1:6: unexpected end of file"},
		{data.JSON, `{"a": x}`, "1:7: unexpected character 'x'"},
		{data.JSON, "\"\xff\"", "1:2: this is not UTF-8 text"},
		{data.YAML, "a: 1\nb: [1, 2\nc: 3\n", "2:4: a , or ] is missing after this [, before line 3, column 2"},
		{data.YAML, "- {a: 1\n- b\n", "1:3: a , or } is missing after this {, before line 3, column 1"},
		{data.YAML, "tier: [\n\n", "1:7: this [ has no end"},
		{data.YAML, "a: 1\né: [{ # ]\n", "3:1: did not find expected node content"},
		{data.YAML, "a: 1\nb: 'x\n\nc: 1\n", "2:4: this quote has no end"},
		{data.YAML, "a: ]\n", "1:4: did not find expected node content"},
		{data.YAML, "a: 1\na: 2", `2:1: the key "a" is there twice`},
		{data.YAML, "a:\n\t- 1", "2:1: found character that cannot start any token"},
		{data.YAML, "é: *x", "1:4: unknown anchor 'x' referenced"},
		{data.YAML, "a: 1\n---\nb: 2", "3:1: a second document begins here, but only one can be read"},
		{data.YAML, "a: !Ref b", "1:4: the tag !Ref has no meaning here"},
		{data.YAML, "a: !!binary aGk=", "1:4: the tag !!binary has no meaning here"},
		{data.YAML, "a: !x {b: 1}", "1:4: the tag !x has no meaning here"},
		{data.YAML, "? [a]\n: 1", "1:3: a key must be a text or a number"},
		{data.YAML, "<<: 1", "1:5: << takes a mapping, or a list of them"},
		{data.YAML, "a: !!int x", "1:4: this is not a value of the type !!int"},
		{data.TOML, "a = 1\nb = [1, 2\nc = 3", "3:1: expected a comma (',') or array terminator (']'), but got 'c'"},
		{data.TOML, "a = 1\na = 2", "2:1: Key 'a' has already been defined"},
		{data.TOML, "# é\ne = \"x", "2:6: unexpected EOF; expected '\"'"},
	} {
		_, err := c.format.Decode(new(starlark.Thread), c.text)
		wrong := new(data.Error)
		require.ErrorAs(t, err, &wrong, c.text)
		assert.Equal(t, c.want, err.Error(), "%s %q", c.format.Name, c.text)
	}
}

// TestDecode_Bombs: no text makes much of little, and none that is too much is called
// a mistake in the text.
func TestDecode_Bombs(t *testing.T) {
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		n := string(rune('0' + i))
		next := string(rune('1' + i))
		laughs += "a" + next + ": &a" + next + " [" + strings.Repeat("*a"+n+", ", 9) + "]\n"
	}
	for name, c := range map[string]struct {
		format data.Format
		text   string
		want   string
	}{
		"laughs":      {data.YAML, laughs, "the values in the file are too much for a configuration"},
		"merges":      {data.YAML, strings.NewReplacer("[", "{<<: [", "]", "]}", "x", "{x: 1}").Replace(laughs), "the values in the file are too much for a configuration"},
		"own part":    {data.YAML, "a: &a [*a]", "nest too deeply"},
		"deep YAML":   {data.YAML, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nest too deeply"},
		"deeper YAML": {data.YAML, strings.Repeat("[", 20000), "exceeded max depth"},
		"deep JSON":   {data.JSON, strings.Repeat("[", 100000), "levels are too deep"},
		"long number": {data.JSON, strings.Repeat("9", 200000), "digits is too long"},
		"deep TOML":   {data.TOML, "a = " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "nest too deeply"},
		"long keys":   {data.TOML, strings.Repeat("a.", 2000) + "a = 1", "nest too deeply"},
		"large":       {data.YAML, strings.Repeat("x", 5<<20), "reading the file is too much for a configuration"},
	} {
		_, err := c.format.Decode(new(starlark.Thread), c.text)
		require.ErrorContains(t, err, c.want, name)
	}
}

// FuzzDecode: no text makes the libraries fail with a panic.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"a: &a [*a]", "{\"a\": 1}", "a = [1]\n[[b]]\nc = 1", "<<: {a: 1}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []data.Format{data.JSON, data.YAML, data.TOML} {
			if v, err := format.Decode(new(starlark.Thread), text); err == nil {
				_ = v.String()
			}
		}
	})
}
