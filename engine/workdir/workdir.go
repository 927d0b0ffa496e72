// Package workdir keeps the folder that the program was started in usable. The
// name of that folder may contain a symbolic link, as in a deployment that
// points current to another release, but the system knows only the folder
// itself.
package workdir

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A Dir is the folder that the program was started in, by name. It changes the
// working folder of the whole process. Its methods are safe to call from any
// goroutine. A nil Dir does nothing.
type Dir struct {
	path string
	mu   sync.Mutex // held while the working folder changes
}

// New returns the working folder. Its name is $PWD if that leads to it. New
// returns nil if the folder no longer has a name.
func New() *Dir {
	path, err := os.Getwd()
	if err != nil {
		return nil
	}
	return &Dir{path: path}
}

// Enter changes to the folder that the name leads to now. The caller must call
// the returned function, which changes back to the previous folder, unless that
// has been removed or stay is set. If the name leads nowhere, Enter changes
// nothing.
func (d *Dir) Enter() (done func(stay bool)) {
	nothing := func(bool) {}
	if d == nil {
		return nothing
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before, err := os.Open(".")
	if err != nil {
		return nothing
	}
	if os.Chdir(d.path) != nil {
		before.Close()
		return nothing
	}
	return func(stay bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		defer before.Close()
		if stay || before.Chdir() != nil || !removed() {
			return
		}
		_ = os.Chdir(d.path) // it led there before
	}
}

// Restore changes to the folder that the name leads to now if the working
// folder has been removed.
func (d *Dir) Restore() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if removed() {
		_ = os.Chdir(d.path) // on error, whatever needs the folder reports that it is gone
	}
}

// removed reports whether the working folder has been removed.
func removed() bool {
	_, err := unix.Getcwd(make([]byte, unix.PathMax))
	return errors.Is(err, unix.ENOENT)
}
