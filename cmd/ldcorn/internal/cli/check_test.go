package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestCheckExits runs the command as the command line does; the texts are in
// testscripts/check_*.txtar and config_*.txtar.
func TestCheckExits(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
		return p
	}
	good := path("good.star", `config = LdConfig(workers = [WorkerGroup(name = "a", app = "main:app")])`)
	bad := path("bad.star", `config = LdConfig(workers = [])`)
	warn := path("warn.star", `config = LdConfig(workers = [WorkerGroup(name = "a", app = "main:app", routes = ["/a"])])`)
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"fine", []string{"check", good}, 0},
		{"fine by -c", []string{"check", "-c", good}, 0},
		{"errors", []string{"check", bad}, 1},
		{"errors as JSON", []string{"check", "--format", "json", bad}, 1},
		{"warnings", []string{"check", warn}, 0},
		{"warnings and --strict", []string{"check", "--strict", warn}, 1},
		{"no such file", []string{"check", filepath.Join(dir, "none.star")}, 1},
		{"a folder", []string{"check", dir}, 1},
		{"two files", []string{"check", good, bad}, 2},
		{"unknown flag", []string{"check", "--nope", good}, 2},
		{"wrong format", []string{"check", "--format", "xml", good}, 2},
		{"wrong variable", []string{"check", "--env", "A", good}, 2},
		{"no steps", []string{"check", "--max-steps", "0", good}, 2},
		{"no time", []string{"check", "--timeout", "0", good}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := &rootOptions{}
			root := newRootCommand(opts)
			var stdout, stderr bytes.Buffer
			root.SetArgs(tt.args)
			root.SetOut(&stdout)
			root.SetErr(&stderr)
			err := root.ExecuteContext(t.Context())
			assert.Equal(t, tt.want, exitCode(&stderr, root, err, opts.started), "%s%s", &stdout, &stderr)
			if slices.Contains(tt.args, "json") {
				assert.True(t, json.Valid(stdout.Bytes()))
			}
		})
	}
}

func TestImportKeyTellsGroupsApart(t *testing.T) {
	base := plan.Group{App: "a:b", Env: []plan.EnvVar{{Name: "A", Value: plan.Secret("x")}}}
	other := base
	other.Env = []plan.EnvVar{{Name: "A", Value: plan.Secret("y")}}
	same := base
	same.Name, same.Instances = "z", 7
	assert.Equal(t, importKey(&base), importKey(&same))
	assert.NotEqual(t, importKey(&base), importKey(&other))
}
