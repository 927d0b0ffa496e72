package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// A place is a folder that belongs to one user and holds the runtime
// directories of that user's masters and the locks of their configurations.
type place struct {
	path    string
	fromXDG bool // it comes from $XDG_RUNTIME_DIR
}

// places returns the places where a master can put its runtime directory, best
// first.
func places() []place {
	var out []place
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		out = append(out, place{filepath.Join(dir, "ldcorn"), true})
	}
	if os.Geteuid() == 0 {
		out = append(out, place{path: "/run/ldcorn"})
	}
	own := "ldcorn-" + strconv.Itoa(os.Geteuid())
	for _, temp := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		out = append(out, place{path: filepath.Join(temp, own)})
	}
	return unique(out)
}

// commonPlaces returns the places that every process of our user knows,
// whatever its environment. A master takes its locks there, too.
func commonPlaces() []place {
	uid := strconv.Itoa(os.Geteuid())
	out := []place{{"/run/user/" + uid + "/ldcorn", true}}
	if uid == "0" {
		return append(out, place{path: "/run/ldcorn"})
	}
	return append(out, place{path: "/tmp/ldcorn-" + uid})
}

// allPlaces returns every place that can hold the locks of a running master.
func allPlaces() []place { return unique(append(places(), commonPlaces()...)) }

// unique removes duplicate places.
func unique(in []place) []place {
	var out []place
	for _, p := range in {
		if !slices.ContainsFunc(out, func(q place) bool { return q.path == p.path }) {
			out = append(out, p)
		}
	}
	return out
}

// prepare creates the place, or checks that nobody else can change it. It never
// creates the parent.
func (p place) prepare() error {
	parent := filepath.Dir(p.path)
	if !filepath.IsAbs(p.path) {
		return fmt.Errorf("%s is not an absolute path", parent)
	}
	if err := p.checkParent(parent); err != nil {
		return err
	}
	return makePrivate(p.path)
}

// checkParent refuses a folder in which somebody else could replace our folder.
// $XDG_RUNTIME_DIR must be our own and closed to others (XDG Base Directory
// Specification); any other folder must be closed to others or sticky, as /tmp
// is.
func (p place) checkParent(parent string) error {
	var st unix.Stat_t
	if err := unix.Stat(parent, &st); err != nil {
		return &fs.PathError{Op: "stat", Path: parent, Err: err}
	}
	us := uint32(os.Geteuid())
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder", parent)
	case p.fromXDG && st.Uid != us, st.Uid != us && st.Uid != 0:
		return fmt.Errorf("%s belongs to user %d, not to us (user %d)", parent, st.Uid, us)
	case st.Mode&0o022 != 0 && (p.fromXDG || st.Mode&unix.S_ISVTX == 0):
		return fmt.Errorf("others can write to %s (mode %04o)", parent, st.Mode&0o7777)
	}
	return nil
}

// trusted reports whether the place exists and only our user could have written
// its contents.
func (p place) trusted() bool {
	return filepath.IsAbs(p.path) && p.checkParent(filepath.Dir(p.path)) == nil && ownedBy(p.path, os.Geteuid())
}

// ownedBy reports whether path is a folder, not a link to one, that belongs to
// a user and that nobody else can write to.
func ownedBy(path string, uid int) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && int(st.Uid) == uid && st.Mode&0o022 == 0
}

// makePrivate creates a directory that only we can enter. If the directory
// exists, makePrivate checks that it is ours: in a shared folder, anybody could
// have put it there first.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: dir, Err: err}
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder", dir)
	case st.Uid != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to us (user %d)", dir, st.Uid, os.Geteuid())
	case st.Mode&0o077 != 0 || st.Mode&0o700 != 0o700:
		return os.Chmod(dir, 0o700)
	}
	return nil
}
