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
)

// TestEnsure_MakesAgain: whatever somebody removes, the next worker has a
// directory, a second master is refused, and the command line finds the first.
func TestEnsure_MakesAgain(t *testing.T) {
	for name, remove := range map[string]func(r *Runtime, place string) error{
		"nothing":       func(*Runtime, string) error { return nil },
		"a lock":        func(r *Runtime, _ string) error { return os.Remove(anyLock(r)) },
		"the directory": func(r *Runtime, _ string) error { return os.RemoveAll(r.Dir()) },
		"the place":     func(_ *Runtime, place string) error { return os.RemoveAll(place) },
		"a logout":      func(_ *Runtime, place string) error { return os.RemoveAll(filepath.Dir(place)) },
		"a logout and a login": func(_ *Runtime, place string) error {
			if err := os.RemoveAll(filepath.Dir(place)); err != nil {
				return err
			}
			return os.Mkdir(filepath.Dir(place), 0o700)
		},
		"a file instead": func(_ *Runtime, place string) error {
			if err := os.RemoveAll(place); err != nil {
				return err
			}
			return os.WriteFile(place, nil, 0o600)
		},
		"a link instead": func(_ *Runtime, place string) error {
			if err := os.RemoveAll(place); err != nil {
				return err
			}
			if err := os.Mkdir(place+".moved", 0o700); err != nil {
				return err
			}
			return os.Symlink(place+".moved", place)
		},
		"another's folder instead": func(r *Runtime, place string) error {
			if err := os.RemoveAll(place); err != nil {
				return err
			}
			if err := os.MkdirAll(r.Dir(), 0o777); err != nil {
				return err
			}
			if os.Geteuid() != 0 {
				return os.RemoveAll(place) // as much of it as we are allowed to
			}
			return giveAway(place)
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := shortTemp(t)
			t.Setenv("XDG_RUNTIME_DIR", base)
			config := newConfig(t)
			var log bytes.Buffer
			r, err := OpenRuntime(config, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			defer func() { require.NoError(t, r.Close()) }()
			var kept []string
			r.Keep(func(dir string) error { kept = append(kept, dir); return nil })
			r.record(os.Getpid(), filepath.Join(r.Dir(), "z.sock"), "a", 1)
			require.NoError(t, remove(r, filepath.Join(base, "ldcorn")))

			at, err := r.newSocket(nil)
			require.NoError(t, err)
			dir := filepath.Dir(at.path)
			require.NoError(t, os.WriteFile(at.path, nil, 0o600), "a worker can bind there")
			assert.FileExists(t, at.dial, "and we reach it")
			assert.True(t, ownedBy(dir, os.Geteuid()))
			assert.True(t, ownedBy(filepath.Dir(dir), os.Geteuid()), "no link, and not another's")
			assert.FileExists(t, filepath.Join(dir, "z.json"), "what is known of the workers that live")
			assert.Equal(t, []string{dir}, kept)
			m, ok := parseMarker(at.mark)
			require.True(t, ok)
			assert.Equal(t, dir, m.dir)
			assert.Equal(t, os.Getpid(), refused(t, config, "a second master"))
			dirs, err := RuntimeDirs(config)
			require.NoError(t, err)
			assert.Equal(t, []string{dir}, dirs)
			want := 1
			if name == "nothing" || name == "a lock" {
				want = 0
			}
			assert.Equal(t, want, strings.Count(log.String(), "recreated"), log.String())
			assert.NotContains(t, log.String(), "ERROR")
		})
	}
}

// anyLock returns one of the locks next to the directory.
func anyLock(r *Runtime) string {
	for path := range r.locks {
		if filepath.Dir(path) == r.place.path {
			return path
		}
	}
	return ""
}

// TestEnsure_FollowsThePath: the locks follow the path to the next release, and
// the previous lock becomes free.
func TestEnsure_FollowsThePath(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	root := tree(t, "releases/1/c", "releases/2/c", "current -> releases/1")
	r := open(t, root+"/current/c")
	refused(t, root+"/releases/1/c", "it runs")
	require.NoError(t, os.Remove(root+"/current"))
	require.NoError(t, r.Ensure(), "the path leads nowhere for a moment")
	refused(t, root+"/releases/1/c", "it still runs")
	require.NoError(t, os.Symlink("releases/2", root+"/current"))
	refused(t, root+"/current/c", "the path is the same")
	require.NoError(t, r.Ensure())
	refused(t, root+"/releases/2/c", "it leads there now")
	refused(t, root+"/current/c", "the path is the same")
	open(t, root+"/releases/1/c")
}

// TestEnsure_AnotherMasterTookTheLock: both masters carry on, and the log says
// so once.
func TestEnsure_AnotherMasterTookTheLock(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	var log bytes.Buffer
	r, err := OpenRuntime(config, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	for path := range r.locks {
		require.NoError(t, os.Remove(path))
	}
	second := open(t, config) // no worker's environment names the first master
	at, err := second.newSocket(nil)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(at.path, nil, 0o600))
	for range 3 {
		require.NoError(t, r.Ensure())
	}
	assert.Equal(t, 1, strings.Count(log.String(), "another ldcorn"), log.String())
	_ = r.Close()
	assert.FileExists(t, at.path)
	for _, l := range second.locks {
		assert.True(t, l.held(), "the first does not remove what is not its own")
	}
}
