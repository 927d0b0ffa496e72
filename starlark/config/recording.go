package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// maxTotalSize is the largest size in bytes of all files of one configuration
// together.
const maxTotalSize = 64 << 20

// A Recording holds everything that an evaluation has read: files, links,
// folders, variables and the number of CPUs. An evaluation that replays it
// reads nothing else, so it does the same as the recorded one, whatever has
// changed since. It can be sent to another process with encoding/gob, which
// keeps every byte; JSON would change text that is not UTF-8. The zero
// Recording is empty.
type Recording struct {
	Files   map[string]RecordedFile
	Links   map[string]RecordedLink
	Folders map[string][]string
	Env     map[string]RecordedVariable
	CPUs    int        // 0 if the evaluation did not ask for it
	Python  *PythonRun // nil unless Python has run the file
	Tried   []string   // the files that Python has opened, if it has failed
}

// Paths returns the absolute paths of the files that the evaluation has read or
// looked for, sorted.
func (r *Recording) Paths() []string {
	paths := make(map[string]bool)
	for path := range r.Files {
		paths[path] = true
	}
	for path, link := range r.Links {
		if link.Error != nil && link.Error.NotExist {
			paths[path] = true
		}
	}
	for _, path := range r.Tried {
		paths[path] = true
	}
	if r.Python != nil {
		for _, f := range r.Python.Result.Files {
			paths[f.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// A RecordedVariable is the value of an environment variable.
type RecordedVariable struct {
	Value string
	Set   bool // false if the variable was not set
}

// A RecordedFile is the content of a file, or the error of reading it.
type RecordedFile struct {
	Data  []byte
	Error *RecordedError
}

// A RecordedLink is a path with symbolic links followed, or the error of
// following them.
type RecordedLink struct {
	Path  string
	Error *RecordedError
}

// A RecordedError is an error of a read.
type RecordedError struct {
	Op, Path, Text string
	NotExist       bool
}

func recordError(err error) *RecordedError {
	if err == nil {
		return nil
	}
	out := &RecordedError{Text: err.Error(), NotExist: errors.Is(err, fs.ErrNotExist)}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		out.Op, out.Path, out.Text = cause.Op, cause.Path, cause.Err.Error()
	}
	return out
}

// error returns the original error.
func (e *RecordedError) error() error {
	if e == nil {
		return nil
	}
	return &fs.PathError{Op: e.Op, Path: e.Path, Err: recorded{e}}
}

type recorded struct{ *RecordedError }

func (r recorded) Error() string { return r.Text }

func (r recorded) Is(target error) bool { return target == fs.ErrNotExist && r.NotExist }

// A world is the source of everything that an evaluation reads. It returns the
// same result each time something is read. Only one goroutine may use it.
type world struct {
	seen   *Recording
	replay bool // read nothing that was not recorded
	lookup func(name string) (string, bool)
	texts  map[string][]byte // of Options.Overlay
	size   int               // of the files read
	root   string            // the configuration's folder, with symbolic links followed
	links  links

	envFiles []envFile              // of Options.EnvFiles
	fileEnv  []builtin.FileVariable // their variables that are not set otherwise
}

// settle follows the symbolic links of the configuration's folder.
func (w *world) settle(dir string) error {
	root, err := w.evalSymlinks(dir)
	if err == nil {
		w.root = root
	}
	return err
}

// newWorld returns the world of an evaluation with the given options.
func newWorld(opts *Options) *world {
	w := &world{seen: opts.Record, lookup: opts.lookup, texts: opts.Overlay}
	if opts.Replay != nil {
		w.seen, w.replay = opts.Replay, true
	}
	if w.seen == nil {
		w.seen = new(Recording)
	}
	if !w.replay {
		*w.seen = Recording{
			Files: make(map[string]RecordedFile), Links: make(map[string]RecordedLink),
			Folders: make(map[string][]string), Env: make(map[string]RecordedVariable),
		}
	}
	return w
}

// errChanged ends a replay that reads something that was not recorded. An
// unchanged configuration never does.
var errChanged = errors.New("was not read when the configuration was tried; try again")

func (w *world) readFile(path string) ([]byte, error) {
	f, ok := w.seen.Files[path]
	switch {
	case ok:
	case w.replay:
		return nil, &fs.PathError{Op: "open", Path: path, Err: errChanged}
	default:
		data, err := w.content(path)
		if w.size += len(data); err == nil && w.size > maxTotalSize {
			data, err = nil, &fs.PathError{Op: "read", Path: path,
				Err: fmt.Errorf("is too much: the files of a configuration can have at most %d MiB together", maxTotalSize>>20)}
		}
		f = RecordedFile{data, recordError(err)}
		w.seen.Files[path] = f
	}
	if f.Error != nil {
		return nil, f.Error.error()
	}
	return append([]byte{}, f.Data...), nil // gob turns an empty slice into nil
}

// content returns the text that stands for a file, or else the content of the file.
func (w *world) content(path string) ([]byte, error) {
	at := w.links.at(path)
	text, ok := w.texts[path]
	if !ok {
		text, ok = w.texts[at]
	}
	if ok {
		if len(text) > MaxFileSize {
			return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("is larger than %d MiB", MaxFileSize>>20)}
		}
		return text, nil
	}
	return readFile(at)
}

// follow returns a path with its symbolic links followed. A file that has only a text
// is in its folder.
func (w *world) follow(path string) (string, error) {
	real, err := w.links.follow(path)
	if _, ok := w.texts[path]; !ok || !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	dir, err := w.links.follow(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

func (w *world) evalSymlinks(path string) (string, error) {
	l, ok := w.seen.Links[path]
	switch {
	case ok:
	case w.replay:
		return "", &fs.PathError{Op: "lstat", Path: path, Err: errChanged}
	default:
		real, err := w.follow(path)
		l = RecordedLink{real, recordError(err)}
		w.seen.Links[path] = l
	}
	return l.Path, l.Error.error()
}

// readDir returns the names in a folder, sorted, or none if the folder cannot
// be read.
func (w *world) readDir(path string) []string {
	names, ok := w.seen.Folders[path]
	if ok || w.replay {
		return names
	}
	entries, err := os.ReadDir(w.links.at(path))
	if err == nil {
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	w.seen.Folders[path] = names
	return names
}

func (w *world) lookupEnv(name string) (string, bool) {
	v, ok := w.seen.Env[name]
	if !ok && !w.replay {
		v.Value, v.Set = w.lookup(name)
		w.seen.Env[name] = v
	}
	return v.Value, v.Set
}

func (w *world) cpus() int {
	if w.seen.CPUs == 0 && !w.replay {
		w.seen.CPUs = builtin.CPUs()
	}
	return max(1, w.seen.CPUs)
}
