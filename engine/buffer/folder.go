package buffer

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"time"
)

// A folder is where files are. Each has its own disk, because that can be another
// one, and goes while the one of the folder before hangs.
type folder struct {
	path  string
	disk  *disk
	check func(path string) error // fails if the folder is not to be used
	open  func(path string) (Store, error)

	// Guarded by Space.mu.
	retry  time.Time // until then, the folder is not used
	broken Reason    // why not
}

// CheckDir returns an error if the files of a Space cannot be in a folder, because
// the folder is in memory or cannot be found.
func CheckDir(path string) error { return checkFolder(path) }

// try fails if the folder cannot be used.
func (f *folder) try() error {
	if err := f.check(f.path); err != nil {
		return err
	}
	s, err := f.open(f.path)
	if err != nil {
		return err
	}
	return s.Close()
}

// openNamed opens a new file that has a name for a moment.
func openNamed(dir string) (Store, error) {
	name := filepath.Join(dir, "ldcorn-buffer-"+rand.Text())
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
