//go:build !linux || portable

package supervisor

import (
	"os"
	"path/filepath"
)

// dialPath returns the path of a file in a directory. No path leads through an open
// directory on this system.
func dialPath(dir *os.File, name string) string { return filepath.Join(dir.Name(), name) }
