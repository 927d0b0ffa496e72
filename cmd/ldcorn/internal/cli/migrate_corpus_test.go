//go:build linux

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// The parts of a corpus entry that say what becomes of it. The others are
// ldconfig.py, env (the variables that it has) and files that it reads.
// UPDATE_SCRIPTS=1 writes them.
const (
	partRuns     = "runs"          // "as it is", "rewritten in memory", or what keeps it from that
	partMigrated = "ldconfig.star" // what migrate writes
	partRefused  = "refused"       // what migrate says where it writes nothing
	partCaptured = "captured.star" // what migrate --exec writes then
)

var wantedParts = []string{partRuns, partMigrated, partRefused, partCaptured}

// TestMigrateCorpus holds configurations in Python against what becomes of
// them: used as they are, rewritten, or refused. What runs or is rewritten
// must give the plan that Python gives.
func TestMigrateCorpus(t *testing.T) {
	interpreter := harness.Python(t)
	files, err := filepath.Glob(filepath.Join("testdata", "python", "*.txtar"))
	require.NoError(t, err)
	require.Greater(t, len(files), 25)
	clearEnvironment(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			checkCorpusEntry(t, file, interpreter)
		})
	}
}

// clearEnvironment unsets what a configuration might read.
func clearEnvironment(t *testing.T) {
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "PATH", "HOME", "TMPDIR", "GOCOVERDIR", "GORACE", "UPDATE_SCRIPTS":
		default:
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
}

func checkCorpusEntry(t *testing.T, file, interpreter string) {
	file, err := filepath.Abs(file)
	require.NoError(t, err)
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	want := make(map[string]string)
	var given []txtar.File
	for _, f := range archive.Files {
		if isWanted(f.Name) {
			want[f.Name] = string(f.Data)
			continue
		}
		given = append(given, f)
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600))
	}
	t.Chdir(dir)
	got := transform(t, interpreter)
	if os.Getenv("UPDATE_SCRIPTS") == "" {
		for _, part := range wantedParts {
			assert.Equal(t, want[part], got[part], part)
		}
		return
	}
	archive.Files = given
	for _, part := range wantedParts {
		if got[part] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: part, Data: []byte(got[part])})
		}
	}
	require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
}

func isWanted(name string) bool {
	for _, part := range wantedParts {
		if part == name {
			return true
		}
	}
	return false
}

// transform does everything to the ldconfig.py of the current folder.
func transform(t *testing.T, interpreter string) map[string]string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	flags := func() *migrateFlags {
		f := &migrateFlags{rootOptions: &rootOptions{color: "never"}, python: interpreter, timeout: harness.Patience}
		if _, err := os.Stat("env"); err == nil {
			f.envFiles = []string{"env"}
		}
		return f
	}
	run := func(f *migrateFlags) (stdout, stderr string, err error) {
		var out, errs bytes.Buffer
		err = f.run(t.Context(), "ldconfig.py", &out, &errs)
		return out.String(), strings.ReplaceAll(errs.String(), dir, "$DIR"), err
	}
	got := make(map[string]string)
	got[partRuns] = runAsIs(t, flags())

	f := flags()
	f.verify = true
	text, said, err := run(f)
	if err == nil {
		got[partMigrated] = text
		assert.Contains(t, said, "gives the same plan", "and nothing else")
		return got
	}
	assert.Empty(t, text)
	got[partRefused] = said

	f = flags()
	f.exec = true
	text, said, err = run(f)
	if fault := new(capture.Error); errors.As(err, &fault) {
		text = fmt.Sprintf("# %s\n", fault.Message)
	} else {
		require.NoError(t, err, said)
	}
	got[partCaptured] = strings.NewReplacer(dir, "$DIR", filepath.Dir(dir), "$PARENT").Replace(text)
	return got
}

// runAsIs evaluates the file as it is. What can be used must give the plan
// that Python gives.
func runAsIs(t *testing.T, f *migrateFlags) string {
	env, err := f.variables()
	require.NoError(t, err)
	found, err := config.Evaluate(t.Context(), "ldconfig.py", config.Options{Env: env, Salt: []byte{}})
	require.NoError(t, err)
	if found.Plan == nil {
		var out strings.Builder
		for _, d := range found.Report.Diagnostics {
			fmt.Fprintf(&out, "%s %s: %s\n  %s\n  %s\n", d.Span, d.Code, d.Message, d.Label, d.Hint)
		}
		return strings.ReplaceAll(out.String(), "\n  \n", "\n")
	}
	m := &migration{migrateFlags: f, from: "ldconfig.py", to: "ldconfig.star", env: env, stderr: new(bytes.Buffer)}
	captured, err := m.capture(t.Context())
	require.NoError(t, err)
	literals, err := captured.Starlark(config.ArgumentNames)
	require.NoError(t, err)
	want, err := m.evaluate(t.Context(), literals, false)
	require.NoError(t, err, m.stderr)
	assert.Empty(t, planDifferences(want, found.Plan), "what Python gives, and what the file gives as it is")
	if found.Plan.Python.How == api.PythonRewritten {
		return fmt.Sprintf("rewritten in memory: %s: %s\n", found.Plan.Python.At, found.Plan.Python.Reason)
	}
	return "as it is\n"
}
