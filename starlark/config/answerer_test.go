//go:build linux

package config_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// runByPython evaluates a file that Python runs, in a folder with a few files.
func runByPython(t *testing.T, text string, opts config.Options) *config.Result {
	t.Helper()
	dir := write(t, map[string]string{
		"ldconfig.py": "import base64, json, os\nfrom ldcorn.config import LdConfig, WorkerGroup\n" + text,
		"data.json":   `{"n": 3, "hosts": ["a", "b"], "f": 0.5, "no": null}`, "tok": "tokenONE\n", "vars.env": "FROM_FILE=filevalue\n",
	})
	opts.Name = "ldconfig.py"
	opts.RunPython = runPython
	res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", opts)
	require.NoError(t, err)
	return res
}

func runPython(ctx context.Context, file capture.File) (*capture.Result, error) {
	env := os.Environ()
	for name, value := range file.Env {
		env = append(env, name+"="+value)
	}
	return capture.Run(ctx, file.Path, file.Name, capture.Options{Answer: file.Answer, Env: env, Python: "python3", Timeout: time.Minute, CPUs: 1, Words: config.PythonWords()})
}

// TestPython_Words checks that words have the same values when Python runs the file.
func TestPython_Words(t *testing.T) {
	t.Setenv("TOKEN_OF_TEST", "s3cret-text")
	t.Setenv("PORT_OF_TEST", "8001")
	const text = `
mode = arg("mode", "prod", help="Where it runs.")
n = arg("n", 2)
hosts = arg("hosts", ("a", "b"))
data = read_json("data.json")
nothing = object()
assert read_yaml("none.yaml", default=nothing) is nothing
assert read_toml("none.toml", None) is None
assert data == {"n": 3, "hosts": ["a", "b"], "f": 0.5, "no": None}, data
assert env("PORT_OF_TEST") == "8001" and env.int("PORT_OF_TEST", 1) == 8001 and env.list("NONE_OF_TEST", []) == []
os.environ["SET_OF_TEST"] = "on"
assert env.bool("SET_OF_TEST") is True
del os.environ["PORT_OF_TEST"]
assert env("PORT_OF_TEST", "gone") == "gone"
assert isinstance(hosts, tuple if hosts == ("a", "b") else list), hosts
vars = env_file("vars.env")
assert env("FROM_FILE") == "filevalue"
tok, same = secret_file("tok"), secret_file("tok")
assert tok and tok == same and tok != "tokenONE" and str(tok) == "(secret)"
print(tok, secret("TOKEN_OF_TEST"), [tok], env("FROM_FILE"))
config = LdConfig(workers=[WorkerGroup("a", "main:app", n + data["n"], env={
    "F": f"x-{mode}", "M": "same" if mode == "prod" else "differs", "D": "yes" if arg("debug", False) else "no", "H": ",".join(hosts),
    "DB": "pw=" + tok + ";", "T": secret("TOKEN_OF_TEST"), "N": secret("NONE_OF_TEST", "fallback"), **vars,
}, request_headers=[set_header("Authorization", "Bearer " + tok)])])
`
	var printed strings.Builder
	res := runByPython(t, text, config.Options{Print: &printed})
	require.NotNil(t, res.Plan, "%v", res.Report)
	g := res.Plan.Groups[0]
	assert.Equal(t, 5, g.Instances)
	values := make(map[string]string)
	for _, v := range g.Env {
		values[v.Name] = v.Value.Reveal() + " " + fmt.Sprint(v.Value)
	}
	assert.Equal(t, map[string]string{
		"F": "x-prod (secret)", "M": "same same", "D": "no no", "H": "a,b a,b", "DB": "pw=tokenONE; (secret)", "T": "s3cret-text (secret)",
		"N": "fallback (secret)", "FROM_FILE": "filevalue (secret)", "SET_OF_TEST": "on (secret)",
	}, values)
	assert.Equal(t, "ldconfig.py: (secret) (secret) [(secret)] the value of FROM_FILE\n", printed.String())
	assert.Equal(t, "Bearer tokenONE", g.RequestHeaders[0].Value.Reveal())
	assert.Equal(t, "(secret)", fmt.Sprint(g.RequestHeaders[0].Value))

	require.Len(t, res.Plan.Args, 4)
	assert.Equal(t, "ldconfig.py:4:8", res.Plan.Args[0].At)
	assert.Equal(t, "Where it runs.", res.Plan.Args[0].Help)
	var inputs []string
	for _, in := range res.Plan.Inputs {
		name, digest := in.Name, ""
		if at := strings.LastIndexByte(name, '/'); at >= 0 {
			name = name[at+1:]
		}
		if in.Digest == "" {
			digest = " absent"
		}
		inputs = append(inputs, fmt.Sprint(in.Kind, " ", name, digest))
	}
	assert.Subset(t, inputs, []string{"file data.json", "file tok", "file vars.env", "file none.yaml absent", "env TOKEN_OF_TEST", "env NONE_OF_TEST absent", "arg mode"})

	res = runByPython(t, text, config.Options{Set: map[string]string{"mode": "dev", "n": "4", "debug": "yes", "hosts": "c"}})
	require.NotNil(t, res.Plan, "%v", res.Report)
	assert.Equal(t, 7, res.Plan.Groups[0].Instances)
	assert.True(t, res.Plan.Args[0].Set)
}

// TestPython_WrongWords checks the errors of words that Python calls, which never have
// a secret.
func TestPython_WrongWords(t *testing.T) {
	t.Setenv("TOKEN_OF_TEST", "s3cret-text")
	t.Setenv("WORD_OF_TEST", "word")
	for text, want := range map[string]string{
		`arg("n", 2)`: "ldconfig.py:3:1: --set n=x: the argument wants a whole number, got \"x\"; its default is 2",
		"try: arg('n', 2)\nexcept Exception: pass\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a')])": "ldconfig.py: --set n=x: the configuration has no argument `n`",
		`arg("m", object())`:                              "ldconfig.py:3:1: the default of arg is a object, which has no literal",
		`read_json("/etc/passwd")`:                        "ldconfig.py:3:1: this word does not take an absolute path",
		`read_json("none.json")`:                          "ldconfig.py:3:1: there is no file none.json",
		`read_json("ldconfig.py")`:                        "ldconfig.py:3:1: ldconfig.py:1:",
		`env("NONE_OF_TEST")`:                             "ldconfig.py:3:1: environment variable NONE_OF_TEST is not set",
		`env.int("WORD_OF_TEST")`:                         "ldconfig.py:3:1: environment variable WORD_OF_TEST is not a whole number",
		`env_file("none.env")`:                            "ldconfig.py:3:1: there is no file",
		`int(secret("TOKEN_OF_TEST"))`:                    "ldconfig.py:3:1: TypeError: int() argument must be a string, a bytes-like object or a real number, not 'secret'",
		`import pickle; pickle.dumps(secret_file("tok"))`: "ldconfig.py:3:16: TypeError: a secret cannot be pickled",
		`{secret("TOKEN_OF_TEST"): 1}`:                    "ldconfig.py:3:1: TypeError: unhashable type: 'secret'",
		`secret("TOKEN_OF_TEST") + 1`:                     "ldconfig.py:3:1: TypeError: unsupported operand type(s) for +: 'secret' and 'int'",
		`t = secret("TOKEN_OF_TEST"); raise ValueError(f"{t} " + os.environ["TOKEN_OF_TEST"])`:                                         "ldconfig.py:3:30: ValueError: (secret) the value of TOKEN_OF_TEST",
		`config = LdConfig(workers=[WorkerGroup("a" + secret("TOKEN_OF_TEST"), "m:a")])`:                                               "ldconfig.py:3:40: `name` cannot be a secret",
		`config = LdConfig(workers=[WorkerGroup("a", "m:a", uvicorn_args=["--x=" + secret("TOKEN_OF_TEST")])])`:                        "cannot be a secret",
		`config = LdConfig(workers=[WorkerGroup("a", "m:a", env={"A": "pw=%s" % secret("TOKEN_OF_TEST")})])`:                           "was formatted from a secret",
		`secret("TOKEN_OF_TEST"); config = LdConfig(workers=[WorkerGroup("a", "m:a", uvicorn_log_level=os.environ["TOKEN_OF_TEST"])])`: "the value of TOKEN_OF_TEST",
		`str(path("/x"))`:          "ldconfig.py:3:1: TypeError: path(…) has no text: it is only for ldcorn",
		`f"{path('/x')}"`:          "TypeError: path(…) has no text",
		`path("/x") == path("/x")`: "ldconfig.py:3:1: TypeError: path(…) cannot be compared: it is only for ldcorn",
		`path("/x")[0]`:            "TypeError: path(…) has no parts: it is only for ldcorn",
		"for i in range(2000): arg(f'a{i}', 'x' * 1000)":  "ldconfig.py:3:23: the calls of ldcorn's words have more than 256 KiB of different arguments",
		"if os.fork() == 0: arg('m', 1)\nelse: os.wait()": "the file does not assign `config`",
	} {
		res := runByPython(t, text, config.Options{Set: map[string]string{"n": "x"}})
		require.Nil(t, res.Plan, text)
		d := res.Report.Diagnostics[0]
		assert.Contains(t, d.Span.String()+": "+d.Message, want, text)
		assert.NotContains(t, res.Report.Error()+fmt.Sprint(allTexts(res.Report)), "s3cret", text)
	}
}

func allTexts(r *diag.Report) (out []string) {
	for _, d := range r.Diagnostics {
		out = append(out, d.Message, d.Label, d.Hint)
		out = append(out, d.Detail...)
	}
	return out
}

// TestPython_Derived checks that plans hide values of env= that are made of what the
// file has read, and no others.
func TestPython_Derived(t *testing.T) {
	t.Setenv("URL_OF_TEST", "postgres://me:hunter2@db/x")
	t.Setenv("JSON_OF_TEST", `{"tok": "topsecret"}`)
	for text, shown := range map[string]bool{
		`"literal"`:      true,
		`"liter" + "al"`: true,
		`str(8000 + 1)`:  true,
		`(os.environ["URL_OF_TEST"], "literal")[1]`:                                                 true,
		`os.environ.get("NONE_OF_TEST", "literal")`:                                                 true,
		`"liter" + os.environ.get("NONE_OF_TEST", "al")`:                                            true,
		`os.environ["URL_OF_TEST"]`:                                                                 false,
		`os.environ["URL_OF_TEST"].replace("postgres:", "postgresql:")`:                             false,
		`os.environ["URL_OF_TEST"].split(":")[2]`:                                                   false,
		`base64.b64encode(os.environ["URL_OF_TEST"].encode()).decode()`:                             false,
		`json.loads(os.environ["JSON_OF_TEST"])["tok"]`:                                             false,
		`open(os.path.dirname(__file__) + "/tok").read().strip()`:                                   false,
		`__import__("subprocess").check_output(["printf", "%s%s", "so", "me1"], text=True).strip()`: false,
		`read_json("data.json")["hosts"][0] + "literal"[1:]`:                                        true,
		`arg("mode", "production").upper()`:                                                         true,
	} {
		res := runByPython(t, "config = LdConfig(workers=[WorkerGroup('a', 'm:a', env={'V': "+text+"})])", config.Options{})
		require.NotNil(t, res.Plan, "%s: %v", text, res.Report)
		v := res.Plan.Groups[0].Env[0].Value
		assert.Equal(t, shown, fmt.Sprint(v) == v.Reveal(), "%s: %s", text, v.Reveal())
	}
}

// TestEnvFile_Index checks that {index} in a file of variables is data, however it gets
// to the workers.
func TestEnvFile_Index(t *testing.T) {
	t.Setenv("PLAIN_OF_TEST", "p-{index}")
	dir := write(t, map[string]string{"vars.env": "A=a-{index}\nB=b-{index}\n", "more.env": "C=c-{index}\n", "ldconfig.star": `
vars = env_file("vars.env")
config = LdConfig(workers=[WorkerGroup("g", "m:a", env={
    "A": vars["A"], "B": secret("B"), "D": "d-" + vars["A"], "E": "e-{index}", "F": secret("PLAIN_OF_TEST"), "G": "{index}" + vars["A"],
})])
`, "ldconfig.py": `
import base64
from ldcorn.config import LdConfig, WorkerGroup
vars = env_file("vars.env")
config = LdConfig(workers=[WorkerGroup("g", "m:a", env={
    "A": vars["A"], "B": secret("B"), "D": "d-" + vars["A"], "E": "e-{index}", "F": secret("PLAIN_OF_TEST"), "G": "{index}" + vars["A"],
})])
`})
	want := map[string]string{"A": "a-{index}", "B": "b-{index}", "C": "c-{index}", "D": "d-a-{index}", "E": "e-7", "F": "p-7", "G": "7a-7"}
	for _, name := range []string{"ldconfig.star", "ldconfig.py"} {
		res, err := config.Evaluate(t.Context(), dir+"/"+name, config.Options{EnvFiles: []string{dir + "/more.env"}, RunPython: runPython})
		require.NoError(t, err)
		require.NotNil(t, res.Plan, "%v", res.Report)
		got := make(map[string]string)
		for _, v := range res.Plan.Groups[0].Env {
			got[v.Name] = v.Of(7)
		}
		assert.Equal(t, want, got, name)
	}
}

// TestPrint_Colors checks that no output of a configuration colors or hides what follows.
func TestPrint_Colors(t *testing.T) {
	const text = "print('\\x1b[8mhidden\\nnext')\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a')])\n"
	dir := write(t, map[string]string{"ldconfig.star": text, "ldconfig.py": "import base64\nfrom ldcorn.config import LdConfig, WorkerGroup\n" + text})
	for name, at := range map[string]string{"ldconfig.star": "ldconfig.star:1: ", "ldconfig.py": "ldconfig.py: "} {
		var printed strings.Builder
		_, err := config.Evaluate(t.Context(), dir+"/"+name, config.Options{Name: name, Print: &printed, RunPython: runPython})
		require.NoError(t, err)
		assert.Equal(t, at+"\x1b[8mhidden\x1b[0m\n"+at+"next\n", printed.String())
	}
}
