package watch

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWatcher_Links checks that symbolic links are followed, and that they may
// change.
func TestWatcher_Links(t *testing.T) {
	for mode, poll := range modes {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t, Options{Poll: poll})
			link := func(target, name string) {
				require.NoError(t, os.Symlink(target, r.path(name+".tmp")))
				require.NoError(t, os.Rename(r.path(name+".tmp"), r.path(name)))
			}
			r.write("releases/1/main.py", "1", "releases/2/main.py", "22", "releases/1/c.star", "1", "releases/2/c.star", "22", "shared/lib.py", "1", "elsewhere/f.py", "1")
			link("releases/1", "current")
			link("../../shared", "releases/1/shared")
			link("../../elsewhere/f.py", "releases/1/f.py")
			link("../releases/1", "shared/back") // does not lead in circles
			r.run(Set{Files: []string{"current/c.star"}, Trees: []string{"current"}})
			r.write("releases/1/main.py", "333")
			r.expect("current/main.py")
			r.write("shared/lib.py", "22")
			r.expect("current/shared/lib.py")
			r.write("elsewhere/f.py", "22")
			r.expect("current/f.py")
			link("../../other", "releases/1/more")
			r.write("other/late.py", "1")
			r.expect("current/more/late.py")
			link("releases/2", "current")
			r.expect("current/main.py", "current/c.star", "current/f.py", "current/shared/lib.py", "current/more/late.py")
			r.write("releases/2/main.py", "4444")
			r.expect("current/main.py")
			r.write("releases/2/c.star", "4444")
			r.expect("current/c.star")
		})
	}
}

// TestWatcher_LinkToAnother checks that a folder which was found through a link
// is watched on when that link leads to another folder, which takes its name.
func TestWatcher_LinkToAnother(t *testing.T) {
	r := newRig(t, Options{})
	r.write("top/z/sub/x.py", "1", "other/sub/x.py", "22")
	link := func(target string) {
		require.NoError(t, os.Symlink(target, r.path("top/a.tmp")))
		require.NoError(t, os.Rename(r.path("top/a.tmp"), r.path("top/a")))
	}
	link("z") // the first of its names
	r.run(Set{Trees: []string{"top"}})
	link("../other")
	r.expect("top/a/sub/x.py")
	for _, text := range []string{"333", "4444"} {
		r.write("top/z/sub/x.py", text)
		r.expect("top/z/sub/x.py")
		r.write("other/sub/x.py", text)
		r.expect("top/a/sub/x.py")
	}
}

// TestWatcher_LinkToRemoved checks that a folder which was found through a link is
// watched when it is made anew: the system may give it the id that it had.
func TestWatcher_LinkToRemoved(t *testing.T) {
	r := newRig(t, Options{})
	r.write("top/z/sub/x.py", "1")
	require.NoError(t, os.Symlink("z/sub", r.path("top/a")))
	r.run(Set{Trees: []string{"top"}})
	for _, text := range []string{"22", "4444"} {
		require.NoError(t, os.RemoveAll(r.path("top/z/sub")))
		r.write("top/z/sub/x.py", text)
		r.expect("top/a/x.py", "top/z/sub/x.py")
		r.write("top/z/sub/x.py", text+"#")
		r.expect("top/a/x.py", "top/z/sub/x.py")
	}
}
