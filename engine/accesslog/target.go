package accesslog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
)

// A Target is a place for lines, opened.
type Target struct {
	path plan.AccessLog
	out  io.Writer
	file *os.File // file to close; nil for standard output
}

// Open opens what the access log of a plan needs, which its groups can add to. The
// caller must pass it to Use or close it. Open always opens files again, so that after
// log rotation the log continues under its name. It returns an error if a file cannot
// be opened for appending.
func (l *Log) Open(p *plan.Plan) (*Opening, error) { return l.OpenChanged(p, Changes{}) }

// OpenChanged is Open for a plan with changes.
func (l *Log) OpenChanged(p *plan.Plan, changes Changes) (*Opening, error) {
	l.mu.Lock()
	o := &Opening{ways: waysOf(p, changes, l.opts.Terminal), main: p.AccessLog, reopened: l.reopened}
	l.mu.Unlock()
	var failed error
	opened := map[plan.AccessLog]bool{plan.AccessLogAuto: true, plan.AccessLogOff: true}
	o.ways.each(func(w *way) {
		if opened[w.to] || failed != nil {
			return
		}
		opened[w.to] = true
		t, err := l.open(w.to)
		if err != nil {
			failed = err
			return
		}
		o.targets = append(o.targets, t)
	})
	if failed != nil {
		_ = o.Close() // nothing was written to it
		return nil, failed
	}
	return o, nil
}

// open opens the place of a log that is not off.
func (l *Log) open(path plan.AccessLog) (*Target, error) {
	if path == plan.AccessLogStdout {
		if f, ok := l.opts.Stdout.(*os.File); ok {
			widen(f)
		}
		return &Target{path: path, out: l.opts.Stdout}, nil
	}
	f, err := openFile(string(path))
	if err != nil {
		return nil, fmt.Errorf("access_log: %w", err)
	}
	return &Target{path: path, out: f, file: f}, nil
}

// Check returns an error if an access log certainly cannot be opened, without
// opening it: its folder is missing, or it is a file to which no log can be
// written.
func Check(a plan.AccessLog) error {
	switch a {
	case plan.AccessLogAuto, plan.AccessLogOff, plan.AccessLogStdout:
		return nil
	}
	path := string(a)
	info, err := os.Stat(path)
	switch {
	case err == nil:
		err = checkMode(path, info.Mode())
	case errors.Is(err, fs.ErrNotExist):
		if _, err = os.Stat(filepath.Dir(path)); err != nil {
			err = fmt.Errorf("%w: create the folder first", err)
		}
	}
	if err != nil {
		return fmt.Errorf("access_log: %w", err)
	}
	return nil
}

// openFile opens a file for appending, and creates it if necessary. It also
// accepts a terminal or another character device such as /dev/null, and a FIFO
// that somebody reads. It never blocks, not even for a reader.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkMode(path, info.Mode())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0o640)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: create the folder %s first", err, filepath.Dir(path))
	case errors.Is(err, syscall.ENXIO) && info != nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil, fmt.Errorf("%s is a FIFO that nobody reads: start its reader first, or name a file", path)
	case err != nil:
		return nil, err
	}
	// Another file may have taken the path since.
	if info, err = f.Stat(); err == nil {
		err = checkMode(path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	widen(f)
	return f, nil
}

// checkMode refuses files to which no log can be written.
func checkMode(path string, mode fs.FileMode) error {
	switch {
	case mode.IsRegular(), mode&fs.ModeCharDevice != 0, mode&fs.ModeNamedPipe != 0:
		return nil
	case mode&fs.ModeSocket != 0:
		return fmt.Errorf("%s is a socket: name a file, or write access_log=True for standard output", path)
	}
	return fmt.Errorf("%s is %s: name a file", path, regular.Kind(mode))
}

// Write implements io.Writer. A Log calls it for the target in use.
func (t *Target) Write(lines []byte) (int, error) { return t.out.Write(lines) }

// Close closes a target that no Log uses. On a nil target it does nothing.
func (t *Target) Close() error {
	if t == nil || t.file == nil {
		return nil
	}
	return t.file.Close()
}
