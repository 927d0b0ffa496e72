package worker

import (
	"os"
	"path/filepath"
)

// Folder returns the folder in which a worker runs, without symbolic links, as
// Python would find it by itself; "." where that cannot be told.
func (s *Spec) Folder() string {
	dir := s.Group.Cwd
	if dir == "" {
		dir = "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if !filepath.IsAbs(dir) {
		wd, err := os.Readlink("/proc/self/cwd")
		if err != nil {
			wd, err = os.Getwd()
		}
		if err != nil {
			return dir
		}
		dir = filepath.Join(wd, dir)
	}
	return dir
}

// AppFolder returns where a worker looks for its app first: the folder in
// which it runs, or that of --app-dir.
func (s *Spec) AppFolder() string {
	dir := s.option("--app-dir", "UVICORN_APP_DIR")
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(s.Folder(), dir)
}

// isolates reports whether Python and Uvicorn are to find their own modules
// before those of the app's folder: a logging.py or token.py of the app would
// take the place of Python's. "python -m" puts the current folder first, and
// -P, which Python has since 3.11, leaves that out.
//
// Where --app-dir names another folder, the current one has to stay on the
// path: apps have modules in both. So it has where Uvicorn itself is in it.
func (s *Spec) isolates() bool {
	return !s.Facts.Python.Less(safePathSince) && !s.Facts.Beside && s.AppFolder() == s.Folder()
}

// safePathSince is the first Python with -P.
var safePathSince = Version{3, 11, 0}
