package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// maxTotalSize bounds what the files of one configuration have together, in
// bytes.
const maxTotalSize = 64 << 20

// A Recording is what an evaluation has read: files, links, folders, variables
// and the number of CPUs. An evaluation that replays one reads nothing else,
// and so does what the recorded one did, whatever has changed since. It can be
// sent to another process by encoding/gob, which keeps every byte; JSON would
// change what is not UTF-8. The zero Recording is empty.
type Recording struct {
	Files   map[string]RecordedFile
	Links   map[string]RecordedLink
	Folders map[string][]string
	Env     map[string]RecordedVariable
	CPUs    int // 0 = not asked for
}

// A RecordedVariable is the value of a variable of the environment.
type RecordedVariable struct {
	Value string
	Set   bool // else there is none
}

// A RecordedFile is the content of a file, or why it could not be read.
type RecordedFile struct {
	Data  []byte
	Error *RecordedError
}

// A RecordedLink is a path with symbolic links followed, or why they could not
// be.
type RecordedLink struct {
	Path  string
	Error *RecordedError
}

// A RecordedError is an error that was met.
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

// error returns the error as it was met.
func (e *RecordedError) error() error {
	if e == nil {
		return nil
	}
	return &fs.PathError{Op: e.Op, Path: e.Path, Err: recorded{e}}
}

type recorded struct{ *RecordedError }

func (r recorded) Error() string { return r.Text }

func (r recorded) Is(target error) bool { return target == fs.ErrNotExist && r.NotExist }

// A world is where an evaluation reads from. What it reads twice is the same
// both times. It is used by one goroutine.
type world struct {
	seen   *Recording
	replay bool // nothing is read that was not seen
	lookup func(name string) (string, bool)
	size   int    // of the files that were read
	root   string // where the configuration's folder leads
	links  links
}

// settle finds where the configuration's folder leads.
func (w *world) settle(dir string) error {
	root, err := w.evalSymlinks(dir)
	if err == nil {
		w.root = root
	}
	return err
}

// newWorld returns the world of an evaluation with these options.
func newWorld(opts *Options) *world {
	w := &world{seen: opts.Record, lookup: opts.lookup}
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

// errChanged is why a replay ends that reads what was not recorded, which a
// configuration of the same text does not do.
var errChanged = errors.New("was not read when the configuration was tried; try again")

func (w *world) readFile(path string) ([]byte, error) {
	f, ok := w.seen.Files[path]
	switch {
	case ok:
	case w.replay:
		return nil, &fs.PathError{Op: "open", Path: path, Err: errChanged}
	default:
		data, err := readFile(w.links.at(path))
		if w.size += len(data); err == nil && w.size > maxTotalSize {
			data, err = nil, &fs.PathError{Op: "read", Path: path,
				Err: fmt.Errorf("is too much: the files of a configuration may have %d MiB together", maxTotalSize>>20)}
		}
		f = RecordedFile{data, recordError(err)}
		w.seen.Files[path] = f
	}
	if f.Error != nil {
		return nil, f.Error.error()
	}
	return append([]byte{}, f.Data...), nil // gob makes nil of an empty one
}

func (w *world) evalSymlinks(path string) (string, error) {
	l, ok := w.seen.Links[path]
	switch {
	case ok:
	case w.replay:
		return "", &fs.PathError{Op: "lstat", Path: path, Err: errChanged}
	default:
		real, err := w.links.follow(path)
		l = RecordedLink{real, recordError(err)}
		w.seen.Links[path] = l
	}
	return l.Path, l.Error.error()
}

// readDir returns the names in a folder, sorted; none of one that cannot be
// read.
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
