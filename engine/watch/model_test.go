package watch

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A tamperer changes a tree at random.
type tamperer struct {
	r   *rig
	rnd *rand.Rand
	n   int
}

// name returns the name of a file or of a folder that may exist.
func (m *tamperer) name(file bool) string {
	parts := []string{"top"}
	for range m.rnd.IntN(3) {
		parts = append(parts, string(rune('a'+m.rnd.IntN(3))))
	}
	if file {
		parts = append(parts, []string{"x.py", "y.py", "z.txt", ".env", "made_pb2.py"}[m.rnd.IntN(5)])
	}
	return filepath.Join(parts...)
}

// change does something. It may fail, as the names may be taken or not exist.
func (m *tamperer) change() {
	m.n++
	text := []byte(strings.Repeat("#", m.n)) // no two are of the same size
	switch m.rnd.IntN(9) {
	case 0, 1, 2:
		_ = os.WriteFile(m.r.path(m.name(true)), text, 0o600)
	case 3:
		_ = os.WriteFile(m.r.path("top/.new"), text, 0o600)
		_ = os.Rename(m.r.path("top/.new"), m.r.path(m.name(true)))
	case 4:
		_ = os.Remove(m.r.path(m.name(true)))
	case 5:
		_ = os.MkdirAll(m.r.path(m.name(false)), 0o700)
	case 6:
		_ = os.Rename(m.r.path(m.name(false)), m.r.path(m.name(false)))
	case 7:
		if dir := m.name(false); m.rnd.IntN(3) == 0 && dir != "top" {
			_ = os.RemoveAll(m.r.path(dir))
		}
	case 8:
		_ = os.Symlink(m.r.path(m.name(false)), m.r.path(m.name(false)))
	}
}

// sizes returns the files that count, by their paths through links, with their
// sizes.
func sizes(dir string, seen []os.FileInfo, out map[string]int64) map[string]int64 {
	here, err := os.Stat(dir)
	if err != nil {
		return out
	}
	for _, other := range seen {
		if os.SameFile(here, other) {
			return out
		}
	}
	seen = append(seen[:len(seen):len(seen)], here)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.IsDir():
			sizes(path, seen, out)
		case e.Name() == "x.py", e.Name() == "y.py", e.Name() == ".env":
			out[path] = info.Size()
		}
	}
	return out
}

// await waits until a sentinel has changed, and adds all changes to got.
func (m *tamperer) await(sentinel string, got map[string]bool) {
	m.r.t.Helper()
	m.n++
	require.NoError(m.r.t, os.WriteFile(sentinel, []byte(strings.Repeat("#", m.n)), 0o600))
	limit := time.After(patience)
	for {
		select {
		case paths := <-m.r.changes:
			found := false
			for _, path := range paths {
				got[path] = true
				found = found || path == sentinel
			}
			if found {
				return
			}
		case <-limit:
			require.Fail(m.r.t, "the sentinel is not noticed", "%v", listing(m.r.dir))
		}
	}
}

// listing returns all files below a folder.
func listing(dir string) (out []string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		out = append(out, fmt.Sprint(path, " ", d.Type()))
		return nil
	})
	return out
}

// TestWatcher_Model changes a tree at random, and checks that no change of a file
// that counts is lost.
func TestWatcher_Model(t *testing.T) {
	for mode, poll := range modes {
		t.Run(mode, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := newRig(t, Options{Poll: poll})
			m := &tamperer{r: r, rnd: rand.New(rand.NewPCG(seed, 0))}
			r.write("top/.gitignore", "*_pb2.py\n", "other/sentinel.py", "")
			r.run(Set{Files: []string{"other/sentinel.py"}, Trees: []string{"top"}})
			rounds := 25
			if poll { // each takes a while
				rounds = 8
			}
			for range rounds {
				before := sizes(r.path("top"), nil, make(map[string]int64))
				got := make(map[string]bool)
				for range m.rnd.IntN(40) {
					m.change()
				}
				after := sizes(r.path("top"), nil, make(map[string]int64))
				m.await(r.path("other/sentinel.py"), got)
				m.await(r.path("other/sentinel.py"), got) // the first may have come while folders were polled
				for path, size := range after {
					if was, known := before[path]; (!known || was != size) && !got[path] {
						require.Fail(t, "a change is lost", "%s\n%s", path, strings.Join(listing(r.path("top")), "\n"))
					}
				}
				for path := range before {
					if _, stays := after[path]; !stays && !got[path] {
						require.Fail(t, "a removal is lost", "%s\n%s", path, strings.Join(listing(r.path("top")), "\n"))
					}
				}
			}
		})
	}
}
