package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// links are where the symbolic links lead that an evaluation has come by. Each is
// read once: one that is changed during an evaluation, as a deployment or a
// ConfigMap of Kubernetes does, gives no mixture of two folders. The zero links
// are ready for use.
type links struct {
	seen map[string]place // by the path of each, whose folder has no links in it
}

// A place is what is at a path: a symbolic link, or something else.
type place struct {
	target string // "" for something else
	err    error
}

// maxLinks is how many links a path may lead through, as for filepath.EvalSymlinks.
const maxLinks = 255

// at returns where a path is to be read: the path itself where it leads nowhere,
// so that whoever reads there finds out why.
func (l *links) at(path string) string {
	real, err := l.follow(path)
	if err != nil {
		return path
	}
	return real
}

// follow returns an absolute path with its symbolic links followed. The error is
// an *fs.PathError.
func (l *links) follow(path string) (string, error) {
	real, rest := "/", parts(path)
	for followed := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			real = filepath.Dir(real)
			continue
		}
		next := filepath.Join(real, name)
		switch here := l.read(next); {
		case here.err != nil:
			return "", here.err
		case here.target == "":
			real = next
		case followed == maxLinks:
			return "", &fs.PathError{Op: "lstat", Path: path, Err: syscall.ELOOP}
		default:
			followed++
			if filepath.IsAbs(here.target) {
				real = "/"
			}
			rest = append(parts(here.target), rest...)
		}
	}
	return real, nil
}

// parts are the names in a path.
func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// read returns what is at a path.
func (l *links) read(path string) place {
	if seen, ok := l.seen[path]; ok {
		return seen
	}
	target, err := os.Readlink(path)
	if errors.Is(err, syscall.EINVAL) { // it is no link
		target, err = "", nil
	}
	if err != nil { // which is what lstat finds as well
		err = &fs.PathError{Op: "lstat", Path: path, Err: errors.Unwrap(err)}
	}
	if l.seen == nil {
		l.seen = make(map[string]place)
	}
	l.seen[path] = place{target, err}
	return l.seen[path]
}
