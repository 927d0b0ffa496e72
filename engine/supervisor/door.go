package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A door is where a worker of another user binds its socket. The runtime directory is
// closed to that user, so the door is a folder elsewhere that belongs to the user alone.
// Whoever owns a folder can put anything in it at any time, such as a link to the socket
// of somebody else. So the master does not connect to what is there: once, it makes a
// hard link to the socket in a folder of its own, and connects to that for as long as
// the worker lives.
type door struct {
	folder string // belongs to the user
	link   string // leads to the socket once enter has worked
	uid    int
	done   bool
}

// doorPlaces are the folders that can hold doors, best first: every user can pass them.
var doorPlaces = []string{"/run", "/tmp", "/var/tmp"}

const (
	doorsName  = "ldcorn-workers" // in one of doorPlaces
	linksName  = "links"          // in the folder of a master
	socketFile = "s"              // in a door
)

// newDoor makes a door. Its name is that of a socket that no worker has used. mu must be
// held.
func (r *Runtime) newDoor(name string, account *prepare.Account) (*door, error) {
	if err := r.settleDoors(); err != nil {
		return nil, err
	}
	d := &door{folder: filepath.Join(r.doors, name), link: filepath.Join(r.doors, linksName, name), uid: account.UID}
	if err := os.Mkdir(d.folder, 0o700); err != nil {
		return nil, shortage.Explain(err)
	}
	if err := os.Lchown(d.folder, account.UID, account.GID); err != nil {
		_ = os.Remove(d.folder)
		return nil, fmt.Errorf("folder for the socket of %s: %w", account, err)
	}
	return d, nil
}

// settleDoors makes the folder of this master for doors, or makes it again. mu must be
// held.
func (r *Runtime) settleDoors() error {
	var reasons []error
	for _, parent := range doorPlaces {
		root := filepath.Join(parent, doorsName)
		own := filepath.Join(root, filepath.Base(r.dir.Name()))
		err := place{path: root}.checkParent(parent)
		for _, folder := range []string{root, own} {
			if err == nil {
				err = makeFolder(folder, 0o711) // others may pass it, and see nothing
			}
		}
		if err == nil {
			err = makeFolder(filepath.Join(own, linksName), 0o700)
		}
		if err == nil {
			r.doors = own
			return nil
		}
		reasons = append(reasons, err)
	}
	return fmt.Errorf("no folder for the sockets of other users: %w", errors.Join(reasons...))
}

// makeFolder creates a folder with a mode, or checks that the one that is there is ours.
func makeFolder(path string, mode fs.FileMode) error {
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("%s is not a folder of user %d", path, os.Geteuid())
	}
	if fs.FileMode(st.Mode&0o7777) == mode {
		return nil
	}
	return os.Chmod(path, mode)
}

// socket returns where the worker binds its socket.
func (d *door) socket() string { return filepath.Join(d.folder, socketFile) }

// enter makes the link to the socket, if the worker has bound it and it belongs to the
// user of the worker.
func (d *door) enter() {
	if d.done || unix.Linkat(unix.AT_FDCWD, d.socket(), unix.AT_FDCWD, d.link, 0) != nil {
		return // Linkat follows no symbolic link
	}
	var st unix.Stat_t
	err := unix.Lstat(d.link, &st)
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK || int(st.Uid) != d.uid {
		_ = os.Remove(d.link)
		return
	}
	d.done = true
}

// closeDoor removes the door with a name, with what the worker has left in it. mu must
// be held.
func (r *Runtime) closeDoor(name string) {
	if r.doors == "" {
		return
	}
	_ = os.Remove(filepath.Join(r.doors, linksName, name))
	_ = os.RemoveAll(filepath.Join(r.doors, name))
}

// closeDoors removes the doors of the masters that had the given runtime directories.
func closeDoors(dirs ...string) {
	if os.Geteuid() != 0 {
		return // there are none
	}
	for _, parent := range doorPlaces {
		for _, dir := range dirs {
			root := filepath.Join(parent, doorsName)
			if ownedBy(root, 0) {
				_ = os.RemoveAll(filepath.Join(root, filepath.Base(dir)))
			}
		}
	}
}
