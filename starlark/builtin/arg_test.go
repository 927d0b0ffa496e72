package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// messagesOf evaluates a text with arguments that are set. It returns the value of x,
// the arguments, and what was reported.
func messagesOf(t *testing.T, text string, set map[string]string) (values string, args []api.Arg, found []string) {
	t.Helper()
	globals, s, report := evaluateIn(t, text, Options{Set: set})
	if len(report.Diagnostics) == 0 {
		s.CheckArgs("test.star")
	}
	for _, d := range report.Diagnostics {
		text := d.Error()
		for _, more := range []string{d.Label, d.Hint} {
			if more != "" {
				text += " | " + more
			}
		}
		found = append(found, text)
	}
	if x := globals["x"]; x != nil {
		values = x.String()
	}
	return values, s.Args(), found
}

func TestArg(t *testing.T) {
	for _, c := range []struct {
		call string
		set  string // of a; "-" means not set
		want string
	}{
		{`arg("a", 2)`, "-", "2"}, {`arg("a", 2)`, " 4 ", "4"}, {`arg("a", -1)`, "-7", "-7"},
		{`arg("a", 0.5)`, "2", "2.0"}, {`arg("a", 0.5)`, "1e3", "1000.0"},
		{`arg("a", "x")`, " y=z ", `" y=z "`}, {`arg("a", "x")`, "", `""`},
		{`arg("a", False)`, "yes", "True"}, {`arg("a", True)`, "0", "False"},
		{`arg("a", ["x"])`, "a, b", `["a", "b"]`}, {`arg("a", ("x",))`, "", `[]`}, {`arg("a", [])`, "-", "[]"},
		{`[arg("a", 1, "help"), arg(name = "a", default = 1)]`, "3", "[3, 3]"},
	} {
		set := map[string]string{}
		if c.set != "-" {
			set["a"] = c.set
		}
		got, args, found := messagesOf(t, "x = "+c.call, set)
		assert.Empty(t, found, c.call)
		assert.Equal(t, c.want, got, c.call)
		require.Len(t, args, 1, c.call)
		assert.Equal(t, c.set != "-", args[0].Set, c.call)
	}
	_, args, _ := messagesOf(t, "x = [arg('b', 1.0, help = 'B'), arg('a', ['x'])]", map[string]string{"a": "y"})
	assert.Equal(t, []api.Arg{
		{Name: "b", Type: api.ArgFloat, Default: 1.0, Value: 1.0, Help: "B", At: "test.star:1:10"},
		{Name: "a", Type: api.ArgList, Default: []string{"x"}, Value: []string{"y"}, Set: true, At: "test.star:1:37"},
	}, args)
	assert.Equal(t, []string{"1.0", `["x"]`, `["y"]`}, []string{args[0].ValueText(), args[1].DefaultText(), args[1].ValueText()})
}

// TestArg_Mistakes: a wrong value or name is an error, and nothing is evaluated.
func TestArg_Mistakes(t *testing.T) {
	for _, c := range []struct {
		call string
		set  map[string]string
		want string
	}{
		{`arg("a", 2)`, map[string]string{"a": "99999999999999999999"}, `test.star:1:9: --set a=99999999999999999999: the argument wants a whole number of at most 18 digits, got "99999999999999999999" | its default is 2`},
		{`arg("a", 2)`, map[string]string{"a": "many"}, "test.star:1:9: --set a=many: the argument wants a whole number, got \"many\" | its default is 2"},
		{`arg("a", 2)`, map[string]string{"a": "1 + 1"}, "test.star:1:9: --set a=1 + 1: the argument wants a whole number, got \"1 + 1\" | its default is 2"},
		{`arg("a", 2)`, map[string]string{"a": "2.0"}, "test.star:1:9: --set a=2.0: the argument wants a whole number, got \"2.0\" | its default is 2"},
		{`arg("a", 2.0)`, map[string]string{"a": "nan"}, "test.star:1:9: --set a=nan: the argument wants a number, got \"nan\" | its default is 2.0"},
		{`arg("a", True)`, map[string]string{"a": ""}, "test.star:1:9: --set a=: the argument wants true or false, got \"\" | its default is True"},
		{`arg("a", "x")`, map[string]string{"a": "\xff"}, "test.star:1:9: --set a=\\xff: the argument wants a text, got \"\\xff\" | its default is \"x\""},
		{`arg("workers", 2)`, map[string]string{"worker": "4"}, "test.star: --set worker=4: the configuration has no argument `worker` | did you mean `workers`?"},
		{`arg("a", 2)`, map[string]string{"region": "eu"}, "test.star: --set region=eu: the configuration has no argument `region` | its arguments are a; a running master forgets one with `ldcorn reload --unset region`"},
		{`1`, map[string]string{"a": "4"}, "test.star: --set a=4: the configuration has no argument `a` | arg(\"a\", 4) declares it; a running master forgets one with `ldcorn reload --unset a`"},
		{`arg("a", 2) + arg("a", 3)`, nil, "test.star:1:23: the argument `a` has two defaults: 2 and 3 | give this one another name, or the same default"},
		{`[arg("a", 2), arg("a", 2.0)]`, nil, "test.star:1:23: the argument `a` has two defaults: 2 and 2.0 | give this one another name, or the same default"},
		{`arg("max-workers", 2)`, nil, "test.star:1:9: `name` is not a name of an argument: \"max-workers\" | write \"max_workers\""},
		{`arg("a", None)`, nil, "test.star:1:14: `default` wants a value of the argument's type, got None | write \"\" for a text, or 0 for a number"},
		{`arg("a", {})`, nil, "test.star:1:14: `default` wants a number, a string, True, False or a list of strings, got a dict | this is `default` of arg"},
		{`arg("a", [1])`, nil, "test.star:1:15: `default[0]` wants a string, got the number 1"},
		{`arg("a", secret("S"))`, nil, "test.star:1:14: `default` wants a value that can be shown, got a secret | read secrets with secret(\"NAME\")"},
		{`arg("a")`, nil, "test.star:1:5: arg needs `default` | add a default, such as 2"},
		{`arg("a", 1, choices = [1])`, nil, "test.star:1:17: arg has no argument `choices` | its arguments are `name`, `default` and `help`"},
	} {
		_, _, found := messagesOf(t, "x = "+c.call, c.set)
		assert.Equal(t, []string{c.want}, found, c.call)
	}
}
