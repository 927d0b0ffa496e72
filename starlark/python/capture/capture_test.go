//go:build linux

package capture_test

import (
	"bytes"
	"encoding/gob"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// patience is longer than anything takes.
const patience = time.Minute

func run(t *testing.T, text string, timeout time.Duration, env ...string) (*capture.Result, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ldconfig.py")
	require.NoError(t, os.WriteFile(path, []byte("import os, sys\nfrom ldcorn.config import LdConfig, WorkerGroup\n"+text), 0o600))
	answerer, err := config.NewAnswerer(path, "ldconfig.py", config.Options{})
	require.NoError(t, err)
	return capture.Run(t.Context(), path, "ldconfig.py", capture.Options{
		Python: "python3", Timeout: timeout, CPUs: 3, Env: append(os.Environ(), env...), Words: config.PythonWords(), Answer: answerer.Answer,
	})
}

// literals runs a file and returns its groups.
func literals(t *testing.T, text string, env ...string) string {
	t.Helper()
	found, err := run(t, text, patience, env...)
	require.NoError(t, err, text)
	out, err := found.Starlark(config.ArgumentNames)
	require.NoError(t, err)
	out = strings.TrimSuffix(strings.TrimPrefix(strings.Join(strings.Fields(out), " "), "config = LdConfig( "), ", )")
	return strings.TrimSuffix(out, ",")
}

// TestRun_Objects checks that everything that a file does to its objects counts.
func TestRun_Objects(t *testing.T) {
	for text, want := range map[string]string{
		`g = WorkerGroup("a", "m:a", 2)`:                                                                                                                      `WorkerGroup(name="a", app="m:a", instances=2)`,
		`g = WorkerGroup("a", "m:a"); g.instances = 3; g.routes.append("/x")`:                                                                                 `WorkerGroup(name="a", app="m:a", instances=3, routes=["*", "/x"])`,
		`import dataclasses; g = dataclasses.replace(WorkerGroup("a", "m:a"), routes=["/"])`:                                                                  `WorkerGroup(name="a", app="m:a", routes=["/"])`,
		`import copy; g = copy.deepcopy(WorkerGroup("a", "m:a", routes=["/"]))`:                                                                               `WorkerGroup(name="a", app="m:a", routes=["/"])`,
		`g = WorkerGroup(**{**vars(WorkerGroup("a", "m:a")), "name": "b"})`:                                                                                   `WorkerGroup(name="b", app="m:a")`,
		`import dataclasses; g = WorkerGroup(**dataclasses.asdict(WorkerGroup("a", "m:a")))`:                                                                  `WorkerGroup(name="a", app="m:a")`,
		"class G(WorkerGroup):\n  def __init__(self, n): super().__init__(n, 'm:a', routes=['/' + n])\ng = G('b')":                                            `WorkerGroup(name="b", app="m:a", routes=["/b"])`,
		"class G(WorkerGroup):\n  @property\n  def instances(self): return 7\n  @instances.setter\n  def instances(self, n): pass\ng = G('b', 'm:a')":         `WorkerGroup(name="b", app="m:a", instances=7)`,
		"import enum\nclass L(str, enum.Enum): E = 'error'\ng = WorkerGroup('a', 'm:a', uvicorn_log_level=L.E)":                                               `WorkerGroup(name="a", app="m:a", uvicorn_log_level="error")`,
		`g = WorkerGroup("a", "m:a", True, 5.0, reload_on_sighup=0, max_restarts_on_crash=-1)`:                                                                `WorkerGroup( name = "a", app = "m:a", instances = 1, max_req_per_worker = 5, reload_on_sighup = False, max_restarts_on_crash = 0, )`,
		`g = WorkerGroup("a", "m:a", queue_limit=3); assert g.queue_timeout == 0, g`:                                                                          `WorkerGroup(name="a", app="m:a", queue_limit=3)`,
		`g = WorkerGroup("a", "m:a", os.cpu_count(), len(os.sched_getaffinity(0)))`:                                                                           `WorkerGroup(name="a", app="m:a", instances=3, max_req_per_worker=3)`,
		`os.environ["X"] = "1"; os.environ.update(Y="2"); g = WorkerGroup("a", "m:a", env={"Y": "3"})`:                                                        `WorkerGroup(name="a", app="m:a", env={"X": "1", "Y": "3"})`,
		`print(os.write(3, b"{}") if False else "noise", file=sys.stdout); g = WorkerGroup("a", "m:a")`:                                                       `WorkerGroup(name="a", app="m:a")`,
		`import ldcorn.log; ldcorn.log.logger.info("x"); import ldcorn; g = ldcorn.config.WorkerGroup("a", "m:a")`:                                            `WorkerGroup(name="a", app="m:a")`,
		`g = WorkerGroup("a", "m:a", sticky=by_cookie("uid"), routes=["/", path("/x") & ~method("GET", "PUT"), header("x", regex="^a") | websocket()])`:       `WorkerGroup( name = "a", app = "m:a", routes = [ "/", all_of(path("/x"), not_(method("GET", "PUT"))), any_of(header("x", regex="^a"), websocket())], sticky = by_cookie("uid"), )`,
		`os.environ["S"] = "s3cret"; g = WorkerGroup("a", "m:a", env.int("NONE", 4), env={"T": secret("S")})`:                                                 `WorkerGroup( name = "a", app = "m:a", instances = 4, env = {"S": "s3cret", "T": "s3cret"}, )`,
		`os.chdir("/"); g = WorkerGroup("a", "m:a")`:                                                                                                          `WorkerGroup(name="a", app="m:a", cwd="/")`,
		`os.chdir("/"); sys.executable = "/x/python"; g = WorkerGroup("a", "m:a", cwd="/b")`:                                                                  `WorkerGroup(name="a", app="m:a", cwd="/b", python="/x/python")`,
		`os.putenv("A", "1"); os.putenv("B", "2"); os.unsetenv("B"); g = WorkerGroup("a", "m:a")`:                                                             `WorkerGroup(name="a", app="m:a", env={"A": "1"})`,
		"import multiprocessing as mp\ndef f(n): return n * 2\nwith mp.get_context('fork').Pool(2) as p: g = WorkerGroup('a', 'm:a', sum(p.map(f, [1, 2])))":  `WorkerGroup(name="a", app="m:a", instances=6)`,
		"import pickle; g = pickle.loads(pickle.dumps(WorkerGroup('a', 'm:a', 2)))":                                                                           `WorkerGroup(name="a", app="m:a", instances=2)`,
		"import inspect; g = WorkerGroup('a', 'm:a', len(list(inspect.signature(WorkerGroup).parameters)[:9]), routes=['/' + __name__, __spec__.origin[:1]])": `WorkerGroup( name = "a", app = "m:a", instances = 9, routes = ["/ldcorn_user_config", "/"], )`,
	} {
		assert.Equal(t, "workers = ["+want+"]", strings.NewReplacer("[ W", "[W", "), ]", ")]").Replace(literals(t, text+"\nconfig = LdConfig(workers=[g])")), text)
	}
}

// TestRun_Facts checks what is known about a run besides its configuration.
func TestRun_Facts(t *testing.T) {
	found, err := run(t, `
port = os.environ.get("PORT_OF_TEST", "1")
secret = os.environ["SECRET_OF_TEST"]
if os.getenv("MODE_OF_TEST") == "x":
    sys.path.insert(0, "/there")
os.environ["OMP"] = "1"
os.environ["WEB_CONCURRENCY"] = "9"
del os.environ["GONE_OF_TEST"]
g = WorkerGroup("a", "m:a", os.cpu_count(), env={"S": "pre-" + secret})
g.colour = "red"
g._own = 1
os.umask(0o123)
print("it prints")
config = LdConfig(workers=[g])
`, patience, "SECRET_OF_TEST=hunter2", "MODE_OF_TEST=x", "GONE_OF_TEST=1")
	require.NoError(t, err)
	var sent bytes.Buffer // as a recording does
	require.NoError(t, gob.NewEncoder(&sent).Encode(found))
	found = new(capture.Result)
	require.NoError(t, gob.NewDecoder(&sent).Decode(found))
	assert.Equal(t, []string{"SECRET_OF_TEST"}, found.Written)
	assert.Equal(t, []string{"MODE_OF_TEST"}, found.Used)
	assert.Equal(t, []string{"PORT_OF_TEST"}, found.Unset)
	assert.True(t, found.CPUs)
	assert.False(t, found.Every)
	assert.Equal(t, []capture.Variable{{Name: "OMP", Value: "1"}}, found.Set)
	assert.Equal(t, []string{"WEB_CONCURRENCY"}, found.Refused)
	assert.Equal(t, []string{"GONE_OF_TEST"}, found.Removed)
	assert.Equal(t, []string{"/there"}, found.Path)
	require.Len(t, found.Lost, 2)
	assert.Equal(t, capture.Lost{Word: capture.OwnProcess, Name: "os.umask"}, found.Lost[1])
	assert.Equal(t, capture.Lost{Word: "WorkerGroup", Name: "colour", Place: found.Lost[0].Place}, found.Lost[0])
	assert.Equal(t, 11, found.Lost[0].Place.Line)
	assert.Equal(t, "it prints\n", found.Output)
	program, err := found.Program(config.ArgumentNames)
	require.NoError(t, err)
	assert.Contains(t, program.Text, `env = {"OMP": _secret("1"), "S": _secret("pre-hunter2")}`)
}

// TestRun_Secrets checks which values of env= are secrets in plans: those that come from the
// environment, or may do so, from a file of variables, or from a file that has nothing else.
func TestRun_Secrets(t *testing.T) {
	found, err := run(t, `
here = os.path.dirname(__file__)
def put(name, text):
    with open(os.path.join(here, name), "w") as f: f.write(text)
    with open(os.path.join(here, name)) as f: return f.read()
token = put("token", "s3cret\n")
dotenv = put("prod.env", "MODE=topsecret\nPORT=8000\n").split()[0].split("=")[1]
data = put("pools.json", '{"level": "debug!"}')[11:17]
walked = {k: v for k, v in os.environ.items()}["WALKED_OF_TEST"]
config = LdConfig(workers=[None, WorkerGroup("a", "m:a", 8000, env={"T": token, "M": dotenv, "D": data, "W": walked, "N": "8000"})])
`, patience, "WALKED_OF_TEST=w4lked", "NUMBER_OF_TEST=8000")
	require.NoError(t, err)
	assert.Equal(t, []string{"WALKED_OF_TEST"}, found.Written)
	var names []string
	for _, x := range found.Taken {
		names = append(names, x.Group+"."+x.Name+" "+filepath.Base(x.File))
	}
	assert.Equal(t, []string{"a.T token", "a.M prod.env", "a.D pools.json"}, names)
	program, err := found.Program(config.ArgumentNames)
	require.NoError(t, err)
	for _, want := range []string{`"T": _secret("s3cret\n")`, `"M": _secret("topsecret")`, `"D": "debug!"`, `"W": _secret("w4lked")`, `"N": _secret("8000")`} {
		assert.Contains(t, program.Text, want)
	}
}

// TestRun_Headline checks that the message of an exception is the line with its type, however
// many lines there are, and that the frames of packages are folded.
func TestRun_Headline(t *testing.T) {
	for text, want := range map[string]string{
		`raise ValueError("PORT is missing\nsee https://wiki")`: "ValueError: PORT is missing",
		`raise ValueError("\n  PORT is missing\n")`:             "ValueError: PORT is missing",
		`raise ValueError`: "ValueError",
		"class E(Exception):\n  def __str__(self): return 'a\\n    ^'\nraise E()":       "ldcorn_user_config.E: a",
		`compile("x = (", "other.py", "exec")`:                                          "SyntaxError: '(' was never closed (other.py, line 1)",
		"try: {}['k']\nexcept KeyError as e: raise RuntimeError('a\\nb') from e":        "RuntimeError: a",
		"e = ValueError('a')\nif hasattr(e, 'add_note'): e.add_note('a note')\nraise e": "ValueError: a",
	} {
		_, err := run(t, text, patience)
		fault := new(capture.Error)
		require.ErrorAs(t, err, &fault, text)
		assert.Equal(t, want, fault.Message, text)
		assert.Equal(t, "Traceback (most recent call last):", fault.Detail[0])
	}
	_, err := run(t, `import json; json.loads("[")`, patience)
	fault := new(capture.Error)
	require.ErrorAs(t, err, &fault)
	assert.Contains(t, fault.Error(), "frames of json")
	assert.NotContains(t, fault.Error(), "raw_decode")
}

// TestRun_Fails checks the errors of files that fail, and that nothing that they have
// started outlives them.
func TestRun_Fails(t *testing.T) {
	for text, want := range map[string]capture.Error{
		"x = (":                               {Kind: capture.Syntax, Message: "SyntaxError: '(' was never closed", Place: capture.Place{Line: 3}},
		"raise ValueError('no')":              {Kind: capture.Raised, Message: "ValueError: no", Place: capture.Place{Line: 3}},
		"sys.exit(3)":                         {Kind: capture.Raised, Message: "SystemExit: 3", Place: capture.Place{Line: 3}},
		"os._exit(3)":                         {Kind: capture.Ended, Message: "ldconfig.py ended the interpreter (exit status 3)"},
		"os.kill(os.getpid(), 9)":             {Kind: capture.Ended, Message: "ldconfig.py ended the interpreter (signal: killed)"},
		"configuration = 1":                   {Kind: capture.NoConfig, Message: "the file does not assign `config`"},
		"config = 1":                          {Kind: capture.NoConfig, Message: "`config` is a int, not an LdConfig"},
		"config = LdConfig(workers=[object])": {Kind: capture.Unwritable, Message: "workers[0] is a type, which has no literal", Place: capture.Place{Line: 3}},
		"config = LdConfig(router=lambda r: None)": {Kind: capture.Unwritable, Message: "router= is a Python function, but requests cannot wait for Python", Place: capture.Place{Line: 3}},
		"while True: pass":                         {Kind: capture.TooLong, Message: "Python has run ldconfig.py for more than 3s and was ended"},
		"while True: print('x' * 1000)":            {Kind: capture.TooLong, Message: "Python has run ldconfig.py for more than 3s and was ended"},
		"import subprocess, time\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\nif os.fork() == 0: os.setsid()\ntime.sleep(1000)": {Kind: capture.TooLong, Message: "Python has run ldconfig.py for more than 3s and was ended"},
	} {
		_, err := run(t, text, 3*time.Second)
		fault := new(capture.Error)
		require.ErrorAs(t, err, &fault, text)
		got := *fault
		got.Detail, got.Files, got.Place.Col, got.Interpreter = nil, nil, 0, ""
		assert.Equal(t, want, got, text)
		assert.Less(t, len(fault.Error()), 1<<20)
		assert.Empty(t, children(), text)
	}
}
