// Package workdir keeps the folder that the program was started in usable. The
// name of that folder may lead through a symbolic link, as in a deployment that
// has current lead to another release, while the system knows the folder alone.
package workdir

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A Dir is the folder that the program was started in, by its name. It changes
// the working folder of the whole process. Its methods are safe from any
// goroutine. A nil Dir does nothing.
type Dir struct {
	path string
	mu   sync.Mutex // held while the working folder changes
}

// New returns the working folder. Its name is that of $PWD if that leads here.
// It is nil where the folder has no name any more.
func New() *Dir {
	path, err := os.Getwd()
	if err != nil {
		return nil
	}
	return &Dir{path: path}
}

// Enter goes to the folder that the name leads to now. The function that it
// returns goes back to the one before, unless that has been removed, and must
// be called; stay says that it is not to. Where the name leads nowhere, all
// stays as it is.
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

// Restore goes to the folder that the name leads to now if the working folder
// has been removed.
func (d *Dir) Restore() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if removed() {
		_ = os.Chdir(d.path) // else whoever needs the folder says that it is gone
	}
}

// removed reports whether the working folder has been removed.
func removed() bool {
	_, err := unix.Getcwd(make([]byte, unix.PathMax))
	return errors.Is(err, unix.ENOENT)
}
