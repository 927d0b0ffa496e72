package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// links holds the targets of the symbolic links that an evaluation has
// followed. It reads each link once, so a deployment or a Kubernetes ConfigMap
// that changes a link during an evaluation cannot make it mix two folders. The
// zero value is ready for use.
type links struct {
	seen map[string]place // by path; the folder of the path has no links in it
}

// A place is a symbolic link or something else at a path.
type place struct {
	target string // "" if it is not a link
	err    error
}

// maxLinks is the largest number of links on a path, as in
// filepath.EvalSymlinks.
const maxLinks = 255

// at returns the path to read for a path. If following it fails, at returns the
// path itself, and reading it gives the error.
func (l *links) at(path string) string {
	real, err := l.follow(path)
	if err != nil {
		return path
	}
	return real
}

// follow returns an absolute path with its symbolic links followed. The error
// is an *fs.PathError.
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

// parts returns the names in a path.
func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// read returns the place at a path.
func (l *links) read(path string) place {
	if seen, ok := l.seen[path]; ok {
		return seen
	}
	target, err := os.Readlink(path)
	if errors.Is(err, syscall.EINVAL) { // not a link
		target, err = "", nil
	}
	if err != nil { // lstat gives the same error
		err = &fs.PathError{Op: "lstat", Path: path, Err: errors.Unwrap(err)}
	}
	if l.seen == nil {
		l.seen = make(map[string]place)
	}
	l.seen[path] = place{target, err}
	return l.seen[path]
}
