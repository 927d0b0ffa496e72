package engine

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/watch"
)

// watched returns a watching of a plan with two groups, which notices nothing by
// itself, and its log.
func watched(t *testing.T, config string) (*watching, *plan.Plan, *bytes.Buffer) {
	t.Helper()
	t.Chdir(t.TempDir())
	log := new(bytes.Buffer)
	w := newWatching(&Options{ConfigPath: config, Log: slog.New(slog.NewTextHandler(log, nil)),
		Watch: &WatchOptions{Diagnose: error.Error, Paths: func() []string { return []string{config, "/conf/common.star", "/srv/a/.env"} }}})
	require.NotNil(t, w)
	p := &plan.Plan{Groups: []*plan.Group{{Name: "a", App: "main:app", Cwd: "/srv/a"}, {Name: "b", App: "main:app", Cwd: "/srv/a/b"}, {Name: "c", App: "main:app", Cwd: "/srv/c"}}}
	w.follow(time.Now(), nil, p, nil)
	return w, p, log
}

// TestWatching checks what saved files concern.
func TestWatching(t *testing.T) {
	for name, c := range map[string]struct {
		saved  []string
		config bool
		groups []string
	}{
		"code":            {[]string{"/srv/a/main.py"}, false, []string{"a"}},
		"code below":      {[]string{"/srv/a/b/x/main.py"}, false, []string{"a", "b"}},
		"several":         {[]string{"/srv/a/main.py", "/srv/c/main.py"}, false, []string{"a", "c"}},
		"configuration":   {[]string{"/srv/a/ldconfig.py"}, true, nil},
		"loaded":          {[]string{"/conf/common.star"}, true, nil},
		"both":            {[]string{"/conf/common.star", "/srv/c/main.py"}, true, []string{"c"}},
		"input and code":  {[]string{"/srv/a/.env"}, true, []string{"a"}},
		"similar folder":  {[]string{"/srv/a/bc/main.py"}, false, []string{"a"}},
		"of nobody":       {[]string{"/srv/ab/main.py", "/conf/other.star"}, false, nil},
		"nothing but .py": {[]string{"/srv/a/notes.txt"}, false, nil},
	} {
		w, _, _ := watched(t, "/srv/a/ldconfig.py")
		w.changed(c.saved)
		s := w.take()
		if !c.config && c.groups == nil {
			assert.Nil(t, s, name)
			assert.Empty(t, w.saves(), name)
			continue
		}
		require.NotNil(t, s, name)
		assert.Equal(t, c.config, s.config, name)
		assert.Equal(t, c.groups, s.groups, name)
		assert.Len(t, w.saves(), 1, name)
		assert.Nil(t, w.take(), name)
	}
}

// TestWatching_Editable checks that a package that is installed in place concerns the
// groups of its interpreter, unless it is in the folder of the app anyway.
func TestWatching_Editable(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{
		"app/.venv/bin/python": "", "app/.venv/pyvenv.cfg": "", "app/own/own.py": "", "other/bin/python": "", "lib/src/lib.py": "",
		"app/.venv/lib/python3.11/site-packages/_lib.pth": filepath.Join(dir, "lib/src") + "\n" + filepath.Join(dir, "app/own") + "\n",
	} {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o700))
	}
	t.Setenv("VIRTUAL_ENV", "")
	w, _, _ := watched(t, filepath.Join(dir, "app/ldconfig.star"))
	p := &plan.Plan{Groups: []*plan.Group{{Name: "a", App: "main:app", Cwd: dir + "/app"}, {Name: "b", App: "main:app", Cwd: dir + "/b", Python: dir + "/other/bin/python"}}}
	w.follow(time.Now(), nil, p)
	w.changed([]string{dir + "/lib/src/lib.py"})
	assert.Equal(t, []string{"a"}, w.take().groups)
	w.changed([]string{dir + "/app/own/own.py"})
	assert.Equal(t, []string{"a"}, w.take().groups)
	assert.Equal(t, map[string][]string{"a": {dir + "/app", dir + "/lib/src"}, "b": {dir + "/b"}}, w.folders)
}

// TestWatching_Owed checks that what a failed reload leaves is tried again with the
// next save, and not before.
func TestWatching_Owed(t *testing.T) {
	w, p, _ := watched(t, "/srv/a/ldconfig.py")
	w.changed([]string{"/conf/common.star", "/srv/c/main.py"})
	w.owe(w.take())
	assert.Nil(t, w.take())
	w.changed([]string{"/srv/a/main.py"})
	s := w.take()
	assert.True(t, s.config)
	assert.Equal(t, []string{"a", "c"}, s.groups)
	assert.Equal(t, []string{"/srv/a/main.py"}, s.files)
	w.changed([]string{"/srv/a/main.py"})
	assert.Equal(t, []string{"a"}, w.take().groups, "nothing is owed any more")

	// A configuration that cannot be read is tried again only when one of its files
	// is saved, or for Python one beside it, which it may import.
	w.changed([]string{"/srv/a/ldconfig.py", "/srv/c/main.py"})
	s = w.take()
	w.follow(time.Now(), errors.New("broken"), p, nil)
	w.owe(s)
	w.changed([]string{"/srv/c/main.py"})
	assert.False(t, w.take().config)
	w.changed([]string{"/srv/a/values.py"})
	assert.True(t, w.take().config)
}

// TestWatching_Reasons checks that the reason for a new worker names what was saved.
func TestWatching_Reasons(t *testing.T) {
	w, p, _ := watched(t, "/conf/ldconfig.star")
	w.changed([]string{"/srv/a/.env", "/srv/c/main.py", "/conf/common.star"})
	s := w.take()
	assert.Equal(t, map[string]string{"a": "/srv/a/.env changed", "c": "/srv/c/main.py changed"}, w.reasons(s))
	next := &plan.Plan{Groups: []*plan.Group{{Name: "a", App: "main:app", Cwd: "/srv/a", Instances: 2}, p.Group("c")}}
	diff := plan.Diff(p, next, w.options(s, next))
	assert.Equal(t, "/srv/a/.env changed, instances 0 -> 2", changeText(&diff.Groups[0]))
	w.owe(s)
	w.changed([]string{"/srv/c/other.py"})
	s = w.take()
	assert.Equal(t, []string{"a", "c"}, s.groups)
	assert.Equal(t, map[string]string{"c": "/srv/c/other.py changed"}, w.reasons(s))
}

// TestWatching_Nil checks that a master that watches nothing needs no checks.
func TestWatching_Nil(t *testing.T) {
	var w *watching
	w.follow(time.Now(), nil)
	w.owe(nil)
	assert.Nil(t, w.take())
	assert.Nil(t, w.saves())
	assert.Nil(t, w.attrs(nil))
	(*saved)(nil).dropBytecode()
}

// TestWatching_Tells checks that the log says once what is watched.
func TestWatching_Tells(t *testing.T) {
	w, _, log := watched(t, "/conf/ldconfig.star")
	set := watch.Set{Files: []string{"/conf/ldconfig.star", filepath.Join(w.home, ".env")}, Trees: []string{w.home, "/1", "/2", "/3", "/4"}}
	w.adopted(watch.Summary{Set: set, Folders: 7})
	w.adopted(watch.Summary{Set: set, Folders: 8})
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")))
	assert.Contains(t, log.String(), `reason="/conf/ldconfig.star, .env and the Python files in ., /1, /2 and 2 more" folders=7`)
	w.adopted(watch.Summary{Set: watch.Set{Files: set.Files, Trees: []string{"/1"}}, Folders: 1, Polled: true})
	assert.Contains(t, log.String(), `Python files in /1" folders=1 polled=true`)
}
