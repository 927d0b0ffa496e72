//go:build linux

package oracle

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// The parts of an entry of the corpus that are not files. UPDATE_SCRIPTS=1 writes the
// second.
const (
	partEnv = "env" // variables that the configuration has
	partHow = "how" // how ldcorn reads it, and why
)

// A Made is what one of the two makes of a configuration.
type made struct {
	Bind    string            `json:"bind"`
	Groups  []group           `json:"groups"`
	Environ map[string]string `json:"environ"` // variables that workers get from the configuration
	Cwd     string            `json:"cwd"`     // the folder that workers get from the configuration
}

type group struct {
	Name                  string   `json:"name"`
	App                   string   `json:"app"`
	Instances             int      `json:"instances"`
	MaxReqPerWorker       float64  `json:"max_req_per_worker"`
	Routes                []string `json:"routes"`
	ReloadOnSighup        bool     `json:"reload_on_sighup"`
	LogLevel              string   `json:"uvicorn_log_level"`
	MaxRestartsOnCrash    float64  `json:"max_restarts_on_crash"`
	RestartBackoffOnCrash float64  `json:"restart_backoff_on_crash"` // seconds
}

// TestCorpus loads configurations with the Python ldcorn and with ours. What they make
// of each must be the same, and so must be what migrate --exec writes.
func TestCorpus(t *testing.T) {
	interpreter := harness.Oracle(t)
	script, err := filepath.Abs("oracle.py")
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 40)
	clearEnvironment(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			file, err := filepath.Abs(file)
			require.NoError(t, err)
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			path, how := unpack(t, archive)
			want := theirs(t, interpreter, script, path)
			got := ours(t, interpreter, path, want)
			if os.Getenv("UPDATE_SCRIPTS") == "" {
				assert.Equal(t, how, got)
				return
			}
			if how == "" {
				archive.Files = append(archive.Files, txtar.File{Name: partHow})
			}
			for i := range archive.Files {
				if archive.Files[i].Name == partHow {
					archive.Files[i].Data = []byte(got)
				}
			}
			require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
		})
	}
}

// clearEnvironment unsets what a configuration might read.
func clearEnvironment(t *testing.T) {
	for _, kv := range os.Environ() {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "PATH", "HOME", "TMPDIR", "GOCOVERDIR", "GORACE", "UPDATE_SCRIPTS":
		default:
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
}

// unpack writes the files of an entry into a new folder, which becomes the current
// one. It returns the path of the configuration, and how ldcorn is said to read it.
func unpack(t *testing.T, archive *txtar.Archive) (path, how string) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		switch {
		case f.Name == partHow:
			how = string(f.Data)
			continue
		case f.Name == partEnv:
			for line := range strings.Lines(string(f.Data)) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				t.Setenv(name, value)
			}
			continue
		case filepath.Base(f.Name) == "ldconfig.py":
			path = f.Name
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, f.Data, 0o600))
	}
	t.Chdir(dir)
	return path, how
}

// theirs returns what the Python ldcorn makes of a configuration.
func theirs(t *testing.T, interpreter, script, path string) *made {
	result := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.Command(interpreter, script, path, result, strconv.Itoa(builtin.CPUs()))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "the Python ldcorn: %s", out)
	data, err := os.ReadFile(result)
	require.NoError(t, err)
	want := new(made)
	require.NoError(t, json.Unmarshal(data, want))
	return want
}

// ours compares what ldcorn makes of a configuration, and returns how it does.
func ours(t *testing.T, interpreter, path string, want *made) string {
	python := interpret.Options{Python: interpreter}
	opts := config.Options{}
	python.Apply(&opts, nil)
	found, err := config.Evaluate(t.Context(), path, opts)
	require.NoError(t, err)
	require.NotNil(t, found.Plan, "%v", found.Report)
	assert.Equal(t, want, madeOf(found.Plan))
	use := found.Plan.Python
	if use.How != api.PythonRun {
		return strings.TrimSpace(string(use.How)+" "+use.At+" "+use.Reason) + "\n"
	}
	answerer, err := config.NewAnswerer(path, path, config.Options{})
	require.NoError(t, err)
	result, err := python.Run(t.Context(), capture.File{Path: path, Name: path, Answer: answerer.Answer}, nil)
	require.NoError(t, err)
	text, err := result.Starlark(config.ArgumentNames)
	require.NoError(t, err)
	migrated, err := config.EvaluateText(t.Context(), strings.TrimSuffix(path, ".py")+".star", text, config.Options{})
	require.NoError(t, err)
	require.NotNil(t, migrated.Plan, "%v", migrated.Report)
	assert.Equal(t, want, madeOf(migrated.Plan), "migrate --exec")
	return strings.Join([]string{string(use.How), use.At, use.Reason}, " ") + "\n"
}

// madeOf returns the parts of a plan that the Python ldcorn has.
func madeOf(p *plan.Plan) *made {
	out := &made{Bind: p.Listeners[0].Bind.String(), Environ: make(map[string]string)}
	for _, g := range p.Groups {
		own := group{
			Name: g.Name, App: g.App, Instances: g.Instances, MaxReqPerWorker: float64(g.MaxReqPerWorker), Routes: []string{},
			ReloadOnSighup: g.ReloadOnSighup, LogLevel: g.LogLevel, MaxRestartsOnCrash: float64(g.MaxRestartsOnCrash),
			RestartBackoffOnCrash: g.RestartBackoffOnCrash.Seconds(),
		}
		for _, r := range g.Routes {
			own.Routes = append(own.Routes, r.Text())
		}
		out.Cwd = g.Cwd
		for _, v := range g.Env {
			out.Environ[v.Name] = v.Value.Reveal()
		}
		out.Groups = append(out.Groups, own)
	}
	return out
}
