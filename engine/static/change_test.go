package static

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestVersions checks that another content of a file is another version, and that the
// same one keeps its tag.
func TestVersions(t *testing.T) {
	r := newRig(t)
	r.write("a", "one")
	first, err := r.get("/a")
	require.NoError(t, err)
	r.settle()
	r.expire()
	again, err := r.get("/a")
	require.NoError(t, err)
	assert.Same(t, first, again, "it was not read again")

	r.write("a", "two") // of the same size, at the same time, in the same inode
	r.expire()
	next, err := r.get("/a")
	require.NoError(t, err)
	assert.Equal(t, "two", string(next.Content()))
	assert.NotEqual(t, first.ETag, next.ETag)
	assert.Equal(t, "one", string(first.Content()))
	assert.False(t, next.isStrong(), "it has just changed")

	r.expire()
	third, err := r.get("/a")
	require.NoError(t, err)
	assert.NotSame(t, next, third, "another change within the same tick of the clock would not show")
}

// TestChangedWhileSent checks that a file that changes while it is sent is cut.
func TestChangedWhileSent(t *testing.T) {
	large := strings.Repeat("x", 3*partSize)
	for name, change := range map[string]func(t *testing.T, path string){
		"shorter": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, partSize)) },
		"written": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("y"), 2*partSize)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		},
		"longer": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(t, err)
			_, err = f.WriteString("y")
			require.NoError(t, err)
			require.NoError(t, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.write("a", large)
			f, err := r.get("/a")
			require.NoError(t, err)
			change(t, filepath.Join(r.dir, "a"))
			_, err = r.read(f)
			assert.True(t, IsChanged(err), "%v", err)
		})
	}
	t.Run("replaced", func(t *testing.T) {
		r := newRig(t)
		r.write("a", large)
		f, err := r.get("/a")
		require.NoError(t, err)
		r.write("b", strings.Repeat("z", len(large)))
		require.NoError(t, os.Rename(filepath.Join(r.dir, "b"), filepath.Join(r.dir, "a")))
		got, err := r.read(f)
		require.NoError(t, err, "it is open still")
		assert.Equal(t, large, got)

		r.expire()
		f, err = r.get("/a")
		require.NoError(t, err)
		r.set.mu.Lock()
		spare := r.set.takeHandle(f) // as with many files
		r.set.mu.Unlock()
		closeAll(spare)
		r.write("b", large)
		require.NoError(t, os.Rename(filepath.Join(r.dir, "b"), filepath.Join(r.dir, "a")))
		_, err = r.read(f)
		assert.True(t, IsChanged(err), "it has to be opened again: %v", err)
	})
	t.Run("linked", func(t *testing.T) {
		r := newRig(t)
		r.write("a", large)
		f, err := r.get("/a")
		require.NoError(t, err)
		require.NoError(t, os.Link(filepath.Join(r.dir, "a"), filepath.Join(r.dir, "b")))
		got, err := r.read(f)
		require.NoError(t, err, "its content is the same")
		assert.Equal(t, large, got)
	})
}

// TestManyFiles checks that no number of files takes more than the bounds, while all of
// them are being sent.
func TestManyFiles(t *testing.T) {
	r := newRig(t)
	const count = 64
	r.set.maximum = 8 * inMemory
	for i := range count {
		r.write(fmt.Sprintf("small%d", i), strings.Repeat(fmt.Sprint(i%10), inMemory))
		r.write(fmt.Sprintf("large%d", i), strings.Repeat(fmt.Sprint(i%10), inMemory+1))
	}
	var files []*File
	for i := range count {
		for _, name := range []string{"small", "large"} {
			f, err := r.get(fmt.Sprintf("/%s%d", name, i))
			require.NoError(t, err)
			files = append(files, f)
			st := r.set.Stats()
			require.LessOrEqual(t, st.Memory, r.set.maximum+entryCost*maxEntries)
			require.LessOrEqual(t, st.Open, 8)
		}
	}
	for i, f := range files {
		got, err := r.read(f)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat(fmt.Sprint(i/2%10), int(f.Size)), got)
	}
	for _, f := range files {
		r.set.Release(f)
		r.set.mu.Lock()
		f.users, f.refs = f.users+1, f.refs+1 // for the end of the test
		r.set.mu.Unlock()
	}
}

// TestIdle checks that what is open is closed once nobody asks for files.
func TestIdle(t *testing.T) {
	r := newRig(t)
	r.write("large", strings.Repeat("x", inMemory+1))
	f, err := r.folder.Get(r.task, &r.static, ask(t, "/large"))
	require.NoError(t, err)
	assert.Equal(t, 1, r.set.Stats().Open)
	r.set.Release(f)
	require.Eventually(t, func() bool {
		r.folder.mu.RLock()
		defer r.folder.mu.RUnlock()
		return r.set.Stats().Open == 0 && r.folder.root == nil
	}, time.Minute, time.Millisecond)
	_, err = r.get("/large")
	require.NoError(t, err)
}

// TestReload checks that a reload forgets what it drops, and keeps the rest.
func TestReload(t *testing.T) {
	r := newRig(t)
	r.write("a", "x")
	_, err := r.get("/a")
	require.NoError(t, err)
	before := r.set.Stats().Memory
	assert.Same(t, r.folder, r.set.Configure([]plan.Static{r.static}, Limits{Files: 8})[0])
	assert.Equal(t, before, r.set.Stats().Memory)
	r.set.Configure(nil, Limits{})
	assert.EqualValues(t, 1, r.set.Stats().Memory, "a request has the content")
	f, err := r.get("/a")
	require.NoError(t, err, "a request of the plan of before")
	assert.Equal(t, "x", string(f.Content()))
}

// TestStalledDisk checks that a disk that does not answer holds nobody for longer than
// the patience, and that all is well when it does.
func TestStalledDisk(t *testing.T) {
	hang := make(chan struct{})
	var mu sync.Mutex
	var op Op
	r := newRig(t, func(r *rig) {
		r.set.StallWith(50*time.Millisecond, func(o Op) {
			mu.Lock()
			hangs := o == op
			mu.Unlock()
			if hangs {
				<-hang
			}
		})
	})
	setOp := func(o Op) {
		mu.Lock()
		defer mu.Unlock()
		op = o
	}
	r.write("a", "x")
	r.write("large", strings.Repeat("x", 2*partSize+inMemory))
	f, err := r.get("/large")
	require.NoError(t, err)
	setOp(OpRead)
	_, err = r.read(f)
	assert.Equal(t, ErrStalled, err)
	_, err = r.get("/a")
	assert.Equal(t, ErrStalled, err, "nobody else waits for it")
	close(hang)
	require.Eventually(t, func() bool { return !r.folder.late.Load() }, time.Minute, time.Millisecond)
	got, err := r.read(f)
	require.NoError(t, err)
	assert.Len(t, got, int(f.Size))

	hang = make(chan struct{})
	setOp(OpLook)
	for range 3 * filework.Workers {
		r.folder.late.Store(false) // as if the first ones had all come at once
		_, err = r.get("/a")
		assert.Equal(t, ErrStalled, err)
	}
	gone := newTask()
	close(gone.gone)
	r.folder.late.Store(false)
	_, err = r.folder.Get(gone, &r.static, ask(t, "/a"))
	assert.Equal(t, netloop.ErrGone, err)
	setOp("")
	close(hang)
	require.Eventually(t, func() bool { return !r.folder.late.Load() && r.folder.queue.Len() == 0 }, time.Minute, time.Millisecond)
	got, err = r.content("/a")
	require.NoError(t, err)
	assert.Equal(t, "x", got)
}

// TestSwaps checks that while somebody exchanges links all the time, no file from
// outside is served, and none of two releases at once.
func TestSwaps(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		outside := t.TempDir()
		size := inMemory + 100 // so that it is not read at once
		for _, dir := range []string{"1", "2"} {
			r.write("releases/"+dir+"/sub/x", strings.Repeat(dir, size))
		}
		require.NoError(t, os.MkdirAll(filepath.Join(outside, "sub"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(outside, "sub/x"), []byte(strings.Repeat("!", size)), 0o644))
		current := filepath.Join(r.dir, "current")
		require.NoError(t, os.Symlink("releases/1", current))
		r.static.Dir = current
		r.folder = r.set.Configure([]plan.Static{r.static}, Limits{Files: 8})[0]

		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			link := func(to, at string) {
				_ = os.Remove(at + "~")
				if os.Symlink(to, at+"~") == nil {
					_ = os.Rename(at+"~", at)
				}
			}
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				link([]string{"releases/1", "releases/2"}[i%2], current)
				// A folder below becomes a link that leads outside, and back.
				sub := filepath.Join(r.dir, "releases", []string{"1", "2"}[i%2], "sub")
				if os.Rename(sub, sub+"-away") == nil {
					link(filepath.Join(outside, "sub"), sub)
					_ = os.Remove(sub)
					_ = os.Rename(sub+"-away", sub)
				}
			}
		}()
		served := 0
		for until := time.Now().Add(time.Second); time.Now().Before(until) || served == 0; {
			r.expire()
			f, err := r.folder.Get(r.task, &r.static, ask(t, "/sub/x"))
			if err != nil {
				continue
			}
			got, err := r.read(f)
			r.set.Release(f)
			if err != nil {
				require.True(t, IsChanged(err), "%v", err)
				continue
			}
			served++
			require.Len(t, got, size)
			require.Contains(t, []string{strings.Repeat("1", size), strings.Repeat("2", size)}, got)
		}
		close(stop)
		<-stopped
	})
}
