package config_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/config"
)

const oneGroup = `config = LdConfig(workers=[WorkerGroup("a", "m:a")])`

// TestEvaluate_EnvFileValues checks that no message quotes the value of a variable that
// comes from a file, whatever reports it, and that the configuration still gets the value.
func TestEvaluate_EnvFileValues(t *testing.T) {
	dir := t.TempDir()
	vars := filepath.Join(dir, "vars")
	require.NoError(t, os.WriteFile(vars, []byte("X=hunter2\n"), 0o600))
	found, err := config.ReadEnvFile(vars)
	require.NoError(t, err)
	for text, message := range map[string]string{
		`x = int(env("X"))`:                  "int() cannot read the value of X as a whole number",
		`fail("no " + env("X"))`:             "no the value of X",
		`read_json(env("X"))`:                "the value of X",
		`load(env("X"), "a")`:                "",
		`WorkerGroup(env("X") + " ", "m:a")`: "the value of X",
		`{"a": 1}[env("X")]`:                 "the dict has no key the value of X",
		`LdConfig(workers=[WorkerGroup("a", "m:a")], bind=env("X"))`: "the value of X",
	} {
		for kind, opts := range map[string]config.Options{
			"env_file":   {},
			"--env-file": {EnvFiles: []string{vars}},
			"of command": {FileEnv: found, Env: map[string]string{"X": "hunter2"}},
		} {
			file := filepath.Join(dir, "ldconfig.star")
			content := text + "\n" + oneGroup + "\n"
			if kind == "env_file" {
				content = "env_file(\"vars\")\n" + content
			}
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			res, err := config.Evaluate(context.Background(), file, opts)
			require.NoError(t, err)
			require.NotEmpty(t, res.Report.Diagnostics, "%s: %s", kind, text)
			d := res.Report.Diagnostics[0]
			assert.Contains(t, d.Message+" "+d.Label, message, "%s: %s", kind, text)
			assert.NotContains(t, strings.Join(append(d.Detail, d.Message, d.Label, d.Hint), " "), "hunter2", "%s: %s", kind, text)
		}
	}
}

// TestEvaluate_EnvFileValuesOfRouter checks the same of a router's failures.
func TestEvaluate_EnvFileValuesOfRouter(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("X=hunter2\n"), 0o600))
	file := filepath.Join(dir, "ldconfig.star")
	require.NoError(t, os.WriteFile(file, []byte(`env_file(".env")
X = env("X")

def route(req):
    return int(X) if req.header("x-group") else None

config = LdConfig(router=route, workers=[WorkerGroup("a", "m:a")])
`), 0o600))
	var log bytes.Buffer
	p, err := config.Load(context.Background(), file, config.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	req, err := request.NewSample("GET /", request.SampleOptions{Headers: []request.Header{{Name: "X-Group", Value: "1"}}})
	require.NoError(t, err)
	_, err = p.Router.Route(&req.View)
	require.Error(t, err)
	assert.Contains(t, log.String(), "the value of X")
	assert.NotContains(t, log.String(), "hunter2")
}

// TestEvaluate_BrokenEnvFile checks that a file of variables that cannot be read is the
// only error, although the variables that it would set are missing.
func TestEvaluate_BrokenEnvFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ldconfig.star")
	require.NoError(t, os.WriteFile(file, []byte(`e = env_file(".env")
config = LdConfig(
    bind = env("BIND"),
    workers = [WorkerGroup(env("NAME"), "m:a", instances=int(env("N")), env={"A": secret("A"), "B": e["B"]} | e)],
)
`), 0o600))
	errors := func() (out []string) {
		res, err := config.Evaluate(context.Background(), file, config.Options{})
		require.NoError(t, err)
		for _, d := range res.Report.Diagnostics {
			out = append(out, strings.ReplaceAll(d.Error(), dir+"/", ""))
		}
		return out
	}
	assert.Equal(t, []string{"ldconfig.star:1:14: there is no file .env"}, errors())
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("N=2\nA=\"x\nBIND=:1\nNAME=n o\n B B\n"), 0o600))
	assert.Equal(t, []string{".env:2:3: this quote has no end", ".env:5:4: this is not NAME=value"}, errors())
}
