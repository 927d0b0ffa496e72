package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns the path of a file in the repository, given relative to the
// root. It looks for the root in the current folder and above it.
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
