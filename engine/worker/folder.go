package worker

import (
	"os"
	"path/filepath"
)

// Folder returns the folder in which a worker runs, without symbolic links, as
// Python itself would find it; "." if it cannot be determined.
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

// AppFolder returns the folder where a worker first looks for its app: the one
// in which it runs, or that of --app-dir.
func (s *Spec) AppFolder() string {
	dir := s.option("--app-dir", "UVICORN_APP_DIR")
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(s.Folder(), dir)
}

// isolates reports whether Python and Uvicorn should find their own modules
// before those in the app's folder: otherwise a logging.py or token.py of the
// app would replace Python's. "python -m" puts the current folder first on the
// path, unless -P is given, which Python has had since 3.11.
//
// If --app-dir names another folder, the current one has to stay on the path,
// because apps have modules in both. It also has to stay if Uvicorn itself is
// in it.
func (s *Spec) isolates() bool {
	return !s.Facts.Python.Less(safePathSince) && !s.Facts.Beside && s.AppFolder() == s.Folder()
}

// safePathSince is the first version of Python with -P.
var safePathSince = Version{3, 11, 0}
