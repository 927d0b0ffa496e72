package engine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// CheckBufferDir returns an error if buffer_dir= is not a folder in which the
// process can make files. It accepts "", the default.
func CheckBufferDir(dir string) error {
	if dir == "" {
		return nil
	}
	switch info, err := os.Stat(dir); {
	case err != nil || !info.IsDir():
		return fmt.Errorf("buffer_dir=%q: there is no such folder", dir)
	case unix.Access(dir, unix.W_OK|unix.X_OK) != nil:
		return fmt.Errorf("buffer_dir=%q: this user cannot make files in the folder", dir)
	}
	return nil
}
