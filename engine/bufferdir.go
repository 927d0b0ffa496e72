package engine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/buffer"
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

// RemarkBufferDir returns why no file will be in buffer_dir=, although a master
// starts. It accepts "", the default.
func RemarkBufferDir(dir string) error {
	if dir == "" || CheckBufferDir(dir) != nil {
		return nil
	}
	if err := buffer.CheckDir(dir); err != nil {
		return fmt.Errorf("buffer_dir=%q: %w; of each body, only 64 KiB wait", dir, err)
	}
	return nil
}
