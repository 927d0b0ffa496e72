package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project/projecttest"
)

// ldcorn runs a command line in this process.
func ldcorn(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	opts := &rootOptions{}
	root := newRootCommand(opts)
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	cmd, err := root.ExecuteContextC(t.Context())
	code = exitCode(&errs, cmd, err, opts.started)
	return out.String(), errs.String(), code
}

// TestInit_Projects: the configuration of every project passes the check and is
// formatted, or there is none and a reason.
func TestInit_Projects(t *testing.T) {
	projecttest.Each(t, func(t *testing.T, sample *projecttest.Sample) {
		path := filepath.Join(sample.Dir, "ldconfig.star")
		_, said, code := ldcorn(t, "init", sample.Dir)
		if !strings.HasPrefix(sample.Want, "app ") {
			assert.Equal(t, exitFailure, code)
			assert.Contains(t, said, "nothing is written\nhint: ")
			assert.NoFileExists(t, path)
			return
		}
		require.Equal(t, exitOK, code, said)
		assert.Contains(t, said, "found ")
		assert.Contains(t, said, "wrote "+path+"\nnext: `ldcorn check -c "+path+" --import`, and then `ldcorn -c "+path+"`,\n      or `ldcorn run --watch -c "+path+"` while you edit\n")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			assert.LessOrEqual(t, len([]rune(line)), 101, line)
		}
		out, said, code := ldcorn(t, "check", path)
		assert.Equal(t, exitOK, code, "%s%s\n%s", out, said, text)
		out, said, code = ldcorn(t, "fmt", "--check", path)
		assert.Equal(t, exitOK, code, out, said)
		assert.True(t, strings.HasPrefix(uncommented(string(text)), "config = "))

		printed, _, code := ldcorn(t, "init", sample.Dir, "-")
		assert.Equal(t, exitOK, code)
		assert.Equal(t, string(text), printed)
	})
}

// uncommented returns a configuration without the comments in front of it.
func uncommented(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// TestInit_Suggestions: the groups in comments are groups.
func TestInit_Suggestions(t *testing.T) {
	dir := projecttest.Open(t, "fastapi").Dir
	text, _, code := ldcorn(t, "init", "--stdout", dir)
	require.Equal(t, exitOK, code)
	var all []string
	inside := false
	for line := range strings.Lines(text) {
		rest, comment := strings.CutPrefix(line, "        # ")
		inside = comment && (inside || strings.HasPrefix(rest, "WorkerGroup("))
		switch {
		case inside:
			all = append(all, rest)
			inside = !strings.HasPrefix(rest, "),")
		case !comment:
			all = append(all, line)
		}
	}
	path := filepath.Join(dir, "ldconfig.star")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(all, "")), 0o600))
	out, said, code := ldcorn(t, "check", path)
	assert.Equal(t, exitOK, code, said)
	assert.Contains(t, out, "3 groups")
}

// TestInit_Existing: init overwrites nothing by itself.
func TestInit_Existing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }
	write("main.py", "from fastapi import FastAPI\napp = FastAPI()\n")
	write("ldconfig.star", "mine\n")
	_, said, code := ldcorn(t, "init")
	assert.Equal(t, exitFailure, code)
	assert.NotContains(t, said, "shows its usage")
	assert.Contains(t, said, "ldconfig.star already exists; use --force to overwrite it")
	out, _, code := ldcorn(t, "init", "-")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, out, `app = "main:app"`)
	text, err := os.ReadFile("ldconfig.star")
	require.NoError(t, err)
	assert.Equal(t, "mine\n", string(text))
	_, said, code = ldcorn(t, "init", "--force")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, said, "wrote ldconfig.star\nnext: `ldcorn check --import`, and then `ldcorn`,\n      or `ldcorn run --watch` while you edit\n")
	_, said, code = ldcorn(t, "check")
	assert.Equal(t, exitOK, code, said)

	require.NoError(t, os.Rename("ldconfig.star", "ldconfig.py"))
	_, said, code = ldcorn(t, "init")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, said, "ldcorn migrate ldconfig.py -o ldconfig.star")
	assert.NoFileExists(t, "ldconfig.star")
	_, said, code = ldcorn(t, "init", "--force")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, said, "this folder has both files now; remove ldconfig.py")

	_, said, code = ldcorn(t, "init", "gone")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, said, "there is no folder gone")
	_, said, code = ldcorn(t, "init", "main:app")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, said, `got the app "main:app", want a folder`)
	_, said, code = ldcorn(t, "init", "main.py")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, said, "main.py is a file, want a folder")
	_, _, code = ldcorn(t, "init", ".", ".")
	assert.Equal(t, exitUsage, code)
	require.NoError(t, os.Mkdir("empty", 0o700))
	_, said, code = ldcorn(t, "init", "empty")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, said, "there is no Python file in empty; nothing is written\nhint: ")
}

// TestInit_StrangeName: the name of a file is one word of a line, whatever it contains.
func TestInit_StrangeName(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a\nb\x1b[31m.py"), []byte("from fastapi import FastAPI\napp = FastAPI()\n"), 0o600))
	_, said, _ := ldcorn(t, "init", dir)
	assert.Contains(t, said, `warning: not read: a\x0ab\x1b[31m.py: `)
}
