//go:build !portable

package supervisor

import (
	"fmt"
	"os"
)

// dialPath returns a path that leads to a file through an open directory.
func dialPath(dir *os.File, name string) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), name)
}
