package supervisor

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestPlace_XDGFallsBack: whatever is wrong with $XDG_RUNTIME_DIR, the master
// starts, says so once, and is found by a command with the same environment or
// none.
func TestPlace_XDGFallsBack(t *testing.T) {
	chmod := func(mode os.FileMode) func(string) error {
		return func(dir string) error { return os.Chmod(dir, mode) }
	}
	for name, c := range map[string]struct {
		spoil func(dir string) error // damages a folder of ours
		want  string
	}{
		"missing":        {os.Remove, "no such file or directory"},
		"a file":         {func(dir string) error { return becomesFile(dir) }, "is not a folder"},
		"another's":      {giveAway, "belongs to user 12345"},
		"for everyone":   {chmod(0o777 | os.ModeSticky), "others can write to"},
		"for a group":    {chmod(0o770), "others can write to"},
		"planted link":   {func(dir string) error { return os.Symlink("/", filepath.Join(dir, "ldcorn")) }, "is not a folder"},
		"planted file":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, "ldcorn"), nil, 0o600) }, "is not a folder"},
		"planted folder": {plantFolder, "belongs to user 12345"},
		"read-only":      {remountReadOnly, "read-only file system"},
		"too long":       {nil, "longer than 107 bytes"},
		"relative":       {nil, "not an absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			xdg := shortTemp(t)
			t.Cleanup(func() { _ = unmount(xdg) })
			switch {
			case name == "too long":
				xdg = filepath.Join(xdg, strings.Repeat("long", 30))
				require.NoError(t, os.Mkdir(xdg, 0o700))
			case name == "relative":
				xdg = "run"
			default:
				if err := c.spoil(xdg); os.IsPermission(err) {
					t.Skipf("needs root: %v", err)
				} else {
					require.NoError(t, err)
				}
			}
			t.Setenv("XDG_RUNTIME_DIR", xdg)
			config := newConfig(t)
			var log bytes.Buffer
			r, err := OpenRuntime(config, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			defer r.Close()
			assert.Equal(t, 1, strings.Count(log.String(), "XDG_RUNTIME_DIR not used"), log.String())
			assert.Contains(t, log.String(), c.want)
			assert.False(t, strings.HasPrefix(r.Dir(), xdg))
			assert.LessOrEqual(t, len(filepath.Join(r.Dir(), longestName)), plan.MaxUnixPath)
			for range 2 {
				dirs, err := RuntimeDirs(config)
				require.NoError(t, err)
				assert.Equal(t, []string{r.Dir()}, dirs)
				t.Setenv("XDG_RUNTIME_DIR", "")
			}
		})
	}
}

func becomesFile(dir string) error {
	if err := os.Remove(dir); err != nil {
		return err
	}
	return os.WriteFile(dir, nil, 0o600)
}

func giveAway(dir string) error { return os.Chown(dir, 12345, 12345) }

func plantFolder(dir string) error {
	planted := filepath.Join(dir, "ldcorn")
	if err := os.Mkdir(planted, 0o700); err != nil {
		return err
	}
	return giveAway(planted)
}

func TestPlace_OursIsClosedToOthers(t *testing.T) {
	base := shortTemp(t)
	t.Setenv("XDG_RUNTIME_DIR", base)
	require.NoError(t, os.Mkdir(filepath.Join(base, "ldcorn"), 0o700))
	require.NoError(t, os.Chmod(filepath.Join(base, "ldcorn"), 0o755))
	open(t, newConfig(t))
	info, err := os.Stat(filepath.Join(base, "ldcorn"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "ours, but too open")
}
