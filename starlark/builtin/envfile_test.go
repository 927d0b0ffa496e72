package builtin

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/dotenv"
)

// withFiles evaluates a text with files, by path, and an environment.
func withFiles(t *testing.T, text string, files, env map[string]string) (map[string]string, *Session, *diag.Report) {
	t.Helper()
	globals, s, report := evaluateIn(t, text, Options{
		NameDir: "conf", FileEnv: []FileVariable{{Variable: dotenv.Variable{Name: "CLI", Value: "from-cli"}}},
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	out := make(map[string]string)
	for name, v := range globals {
		out[name] = v.String()
	}
	return out, s, report
}

func TestEnvFile(t *testing.T) {
	files := map[string]string{
		"/conf/.env": "# hunter2\nA=1\nexport B='two words'\nSET=file\nC=${SET}-${A}\nCLI=file\nWEB_CONCURRENCY=4\nLDCORN_X=1\n",
		"/etc/more":  "A=again\nD=4\n",
	}
	got, s, report := withFiles(t, `
before = env("A", "none")
first = env_file(".env")
more = env_file("/etc/more")
values = [env.int("A"), env("B"), env("C"), env("SET"), env("CLI"), env("D"), env.int("WEB_CONCURRENCY"), secret("B")]
none = env_file("gone", default = {})
g = WorkerGroup("web", "m:a", env = first | more | {"E": "5"})
`, files, map[string]string{"SET": "environment"})
	require.Empty(t, report.Diagnostics)
	assert.Equal(t, `"none"`, got["before"])
	assert.Equal(t, `{"A": (secret), "B": (secret), "SET": (secret), "C": (secret), "CLI": (secret)}`, got["first"])
	assert.Equal(t, `{"A": (secret), "D": (secret)}`, got["more"])
	assert.Equal(t, `[1, "two words", "environment-1", "environment", "from-cli", "4", 4, (secret)]`, got["values"])
	assert.Equal(t, `{}`, got["none"])
	assert.Equal(t, []plan.EnvVar{
		{Name: "A", Value: plan.Secret("1")}, {Name: "B", Value: plan.Secret("two words")}, {Name: "C", Value: plan.Secret("environment-1")},
		{Name: "CLI", Value: plan.Secret("from-cli")}, {Name: "D", Value: plan.Secret("4")}, {Name: "E", Value: plan.Plain("5")}, {Name: "SET", Value: plan.Secret("environment")},
	}, s.Groups()[0].Spec.Env)
}

func TestEnvFile_Mistakes(t *testing.T) {
	files := map[string]string{"/conf/bad": "A=1\nhunter2: x\n", "/conf/good": "N=hunter2\n", "/conf/swallow": "A=\"hunter2\nB=2\nC=\"\n"}
	for call, want := range map[string]string{
		`env_file("bad")`:                                        "conf/bad:2:8: this is not NAME=value",
		`env_file("gone")`:                                       "test.star:1:14: there is no file /conf/gone",
		`env_file("bad", default = [])`:                          "test.star:1:31: `default` wants a dict, got a list",
		`[env_file("good"), env.int("N")]`:                       "test.star:1:32: environment variable N, which a file sets, is not a whole number",
		`[env_file("bad"), env("X"), secret("Y"), env.int("Z")]`: "conf/bad:2:8: this is not NAME=value",
		`[env_file("swallow"), env("B"), env("C")]`:              "conf/swallow:1:1: the quoted value of A takes in line 2, which sets B",
		`env_file(" ")`:                                          "test.star:1:14: `path` is empty",
		`env_file()`:                                             "test.star:1:5: env_file needs `path`",
		`env_file(path = secret("NONE"))`:                        "test.star:1:28: environment variable NONE is not set",
	} {
		_, _, report := withFiles(t, "x = "+call, files, nil)
		require.Len(t, report.Diagnostics, 1, call)
		d := report.Diagnostics[0]
		assert.Equal(t, want, d.Error(), call)
		assert.NotContains(t, d.Message+d.Label+d.Hint, "hunter2")
		assert.Equal(t, strings.Contains(call, "gone"), d.Label == "add default={} to go on without it", call)
	}
}
