package watch

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// A rig is a watcher of a folder.
type rig struct {
	t       *testing.T
	dir     string
	watcher *Watcher
	adopted chan Summary
	log     *logtest.Text
	changes chan []string
}

// modes are the ways to notice changes.
var modes = map[string]bool{"events": false, "polled": true}

func newRig(t *testing.T, opts Options) *rig {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	r := &rig{t: t, dir: dir, adopted: make(chan Summary, 16), changes: make(chan []string, 1024), log: new(logtest.Text)}
	opts.Log = slog.New(slog.NewTextHandler(r.log, nil))
	opts.Changed = func(paths []string) { r.changes <- paths }
	opts.Adopted = func(s Summary) { r.adopted <- s }
	r.watcher = New(opts)
	return r
}

// run starts the watcher and watches a set.
func (r *rig) run(set Set) Summary {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.watcher.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		assert.NoError(r.t, <-done)
	})
	return r.watch(set)
}

// watch replaces what is watched, and waits until it is.
func (r *rig) watch(set Set) Summary {
	r.t.Helper()
	for _, list := range [][]string{set.Files, set.Trees} {
		for i := range list {
			list[i] = r.path(list[i])
		}
	}
	r.watcher.Watch(set, time.Now().Add(time.Hour)) // only what happens from now on
	select {
	case s := <-r.adopted:
		return s
	case <-time.After(patience):
		require.Fail(r.t, "the set was not adopted")
		return Summary{}
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// write writes files: their names, each followed by the text.
func (r *rig) write(names ...string) {
	r.t.Helper()
	for i := 0; i < len(names); i += 2 {
		require.NoError(r.t, os.MkdirAll(filepath.Dir(r.path(names[i])), 0o700))
		require.NoError(r.t, os.WriteFile(r.path(names[i]), []byte(names[i+1]), 0o600))
	}
}

// expect waits until all of the files have changed, and fails if others have.
func (r *rig) expect(names ...string) {
	r.t.Helper()
	left := make(map[string]bool)
	for _, name := range names {
		left[name] = true
	}
	got := make(map[string]bool)
	limit := time.After(patience)
	for len(left) > 0 {
		select {
		case paths := <-r.changes:
			for _, path := range paths {
				name, err := filepath.Rel(r.dir, path)
				require.NoError(r.t, err)
				require.Contains(r.t, names, name, "nobody expects it")
				got[name] = true
				delete(left, name)
			}
		case <-limit:
			require.Fail(r.t, "no change", "of %v; got %v", left, got)
		}
	}
}

// sure writes a file until its change is noticed: everything that happened before
// was noticed then.
func (r *rig) sure(name string) {
	r.t.Helper()
	r.write(name, time.Now().String())
	r.expect(name)
}

func TestWatcher(t *testing.T) {
	for mode, poll := range modes {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t, Options{Poll: poll})
			r.write("app/main.py", "1", "app/pkg/sub/deep.py", "1", "app/.env", "1", "app/other.txt", "1",
				"conf/ldconfig.star", "1", "conf/values.json", "1", "app/old/a.py", "1")
			s := r.run(Set{Files: []string{"conf/ldconfig.star", "conf/values.json", "conf/later/new.star"}, Trees: []string{"app"}})
			assert.Equal(t, 4, s.Folders)
			assert.Equal(t, poll, s.Polled)

			r.write("app/main.py", "22")
			r.expect("app/main.py")
			r.write("app/pkg/sub/deep.py", "22", "conf/values.json", "22")
			r.expect("app/pkg/sub/deep.py", "conf/values.json")
			r.write("app/.env", "22")
			r.expect("app/.env")

			// files and folders that come, go and are renamed
			r.write("app/new/one/two.py", "1")
			r.expect("app/new/one/two.py")
			r.write("app/new/one/two.py", "22")
			r.expect("app/new/one/two.py")
			r.write("conf/later/new.star", "1")
			r.expect("conf/later/new.star")
			require.NoError(t, os.Rename(r.path("app/old"), r.path("app/moved")))
			r.expect("app/old/a.py", "app/moved/a.py")
			r.write("app/moved/a.py", "22")
			r.expect("app/moved/a.py")
			require.NoError(t, os.RemoveAll(r.path("app/moved")))
			r.expect("app/moved/a.py")
			r.write("app/moved/a.py", "333")
			r.expect("app/moved/a.py")
			r.write("app/moved/a.py", "4444")
			r.expect("app/moved/a.py")

			// an editor that replaces the file
			r.write("app/main.py.tmp", "333")
			require.NoError(t, os.Rename(r.path("app/main.py.tmp"), r.path("app/main.py")))
			r.expect("app/main.py")

			// the whole app is replaced
			r.write("next/main.py", "4444")
			require.NoError(t, os.Rename(r.path("app"), r.path("gone")))
			require.NoError(t, os.Rename(r.path("next"), r.path("app")))
			r.expect("app/main.py", "app/pkg/sub/deep.py", "app/.env", "app/new/one/two.py", "app/moved/a.py")
			r.write("app/main.py", "55555")
			r.expect("app/main.py")

			// a set without the tree
			r.watch(Set{Files: []string{"conf/ldconfig.star"}})
			r.write("app/main.py", "666666", "conf/values.json", "333")
			r.sure("conf/ldconfig.star")
		})
	}
}

// TestWatcher_Ignores checks that changes of what is no code are not noticed.
func TestWatcher_Ignores(t *testing.T) {
	for mode, poll := range modes {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t, Options{Poll: poll})
			r.write(".git/info/exclude", "mine.py\n", ".gitignore", "*.log\n/gen/\nbuild_[!a].py\n", "app/main.py", "1",
				"app/inner/.gitignore", "secret.py\n!kept.py\n", "app/venv38/pyvenv.cfg", "", "gen/a.py", "1", "app/gen/a.py", "1")
			s := r.run(Set{Trees: []string{"."}})
			assert.Equal(t, 4, s.Folders) // itself, app, app/inner and app/gen
			for _, name := range []string{
				"app/.venv/a.py", "app/venv38/lib/a.py", "app/node_modules/a.py", "app/__pycache__/a.py", "app/.mypy_cache/a.py",
				"app/.#main.py", "app/.main.py.swp", "app/main.py~", "app/4913", "app/flycheck_main.py", "app/a.log", "app/notes.txt",
				"gen/a.py", "app/mine.py", "app/inner/secret.py", "app/build_b.py", ".git/a.py",
			} {
				r.write(name, "22")
			}
			r.sure("app/main.py")
			r.write("app/gen/a.py", "22", "app/inner/kept.py", "1", "app/build_a.py", "1")
			r.expect("app/gen/a.py", "app/inner/kept.py", "app/build_a.py")

			// what git ignores changes, which is no change of the app
			r.write("app/.gitignore", "inner/\n*_pb2.py\n")
			r.sure("app/main.py")
			r.write("app/inner/kept.py", "22", "app/x_pb2.py", "1")
			r.sure("app/main.py")
			r.write("app/.gitignore", "")
			r.sure("app/main.py")
			r.write("app/inner/kept.py", "333")
			r.expect("app/inner/kept.py")

			// the same together with changes, as when another branch is checked out
			r.write("app/.gitignore", "*_pb2.py\n", "app/added.py", "1", "app/new/added.py", "1")
			require.NoError(t, os.Remove(r.path("app/inner/kept.py")))
			r.expect("app/added.py", "app/new/added.py", "app/inner/kept.py")
		})
	}
}

// TestWatcher_IgnoredRoot checks that a folder that git ignores is watched if it is
// named.
func TestWatcher_IgnoredRoot(t *testing.T) {
	r := newRig(t, Options{})
	r.write(".git/HEAD", "", ".gitignore", "build/\n", "build/app/main.py", "1")
	r.run(Set{Trees: []string{"build/app"}})
	r.sure("build/app/main.py")
}

// TestWatcher_Late checks that a root may come later, and that what was saved
// before the watcher looked for the first time is not missed.
func TestWatcher_Late(t *testing.T) {
	r := newRig(t, Options{})
	r.write("old.py", "1", "new.py", "1", "c.star", "1")
	require.NoError(t, os.Chtimes(r.path("old.py"), time.Time{}, time.Now().Add(-time.Hour)))
	r.watcher.Watch(Set{Files: []string{r.path("c.star")}, Trees: []string{r.path(".")}}, time.Now().Add(-time.Minute))
	r.run(Set{Files: []string{"c.star"}, Trees: []string{".", "a/b/c"}})
	r.expect("new.py", "c.star")
	r.watch(Set{Trees: []string{"a/b/c"}})
	r.write("a/b/c/main.py", "1")
	r.expect("a/b/c/main.py")
	r.write("a/b/c/main.py", "22")
	r.expect("a/b/c/main.py")
}

// TestWatcher_Limit checks that a tree with too many folders is watched in part,
// with those near to its root, and that the log says so once.
func TestWatcher_Limit(t *testing.T) {
	r := newRig(t, Options{MaxFolders: 3})
	r.write("a/x/y/z/deep.py", "1", "b/near.py", "1", "top.py", "1")
	assert.Equal(t, 3, r.run(Set{Trees: []string{"."}}).Folders)
	r.write("a/x/y/z/deep.py", "22")
	r.sure("b/near.py")
	r.sure("top.py")
	r.watch(Set{Trees: []string{"."}})
	assert.Equal(t, 1, strings.Count(r.log.String(), "too many folders"))
}

// TestWatcher_Storm checks that files that are saved all the time are noticed all
// the same.
func TestWatcher_Storm(t *testing.T) {
	r := newRig(t, Options{})
	r.write("app.py", "")
	r.run(Set{Trees: []string{"."}})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for text := ""; ; text += "#" {
			select {
			case <-stop:
				return
			default:
				_ = os.WriteFile(r.path("app.py"), []byte(text), 0o600)
			}
		}
	}()
	r.expect("app.py")
	r.expect("app.py")
	close(stop)
	<-stopped
}

func TestDropStaleBytecode(t *testing.T) {
	r := newRig(t, Options{})
	r.write("main.py", "x = 1\n", "main2.py", "")
	saved := time.Unix(1_700_000_000, 500_000_000)
	source := r.path("main.py")
	require.NoError(t, os.Chtimes(source, saved, saved))
	pyc := func(name string, flags byte, seconds int64, size byte, written time.Time) string {
		path := filepath.Join("__pycache__", name)
		head := []byte{1, 2, 3, 4, flags, 0, 0, 0, byte(seconds), byte(seconds >> 8), byte(seconds >> 16), byte(seconds >> 24), size, 0, 0, 0, 'c'}
		r.write(path, string(head))
		require.NoError(t, os.Chtimes(r.path(path), written, written))
		return r.path(path)
	}
	before, after := saved.Add(-100*time.Millisecond), saved.Add(100*time.Millisecond)
	stale := pyc("main.cpython-312.pyc", 0, saved.Unix(), 6, before)
	kept := []string{
		pyc("main.cpython-313.pyc", 0, saved.Unix(), 6, after),
		pyc("main.cpython-311.pyc", 1, saved.Unix(), 6, before),
		pyc("main.cpython-310.pyc", 0, saved.Unix()-1, 6, before),
		pyc("main.cpython-39.pyc", 0, saved.Unix(), 7, before),
		pyc("main2.cpython-312.pyc", 0, saved.Unix(), 6, before),
	}
	DropStaleBytecode(source)
	DropStaleBytecode(r.path("missing.py"))
	assert.NoFileExists(t, stale)
	for _, path := range kept {
		assert.FileExists(t, path)
	}
}
