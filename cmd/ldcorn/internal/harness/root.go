package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns a path in the repository, from its root. It looks for that
// above the current folder.
func Root(t testing.TB, path ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(append([]string{dir}, path...)...)
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("the current folder is not in the repository")
		}
		dir = above
	}
}
