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

// A Target is the destination of a log, opened but not yet in use.
type Target struct {
	path   plan.AccessLog
	opened int // number of calls of Reopen at the time
	format plan.LogFormat
	out    io.Writer // nil for none
	file   *os.File  // file to close; nil for standard output
}

// Open opens the target of a plan's access_log. The caller must pass it to Use
// or close it. Open always opens the file again, so that after log rotation the
// log continues under its name. It returns an error if the file cannot be
// opened for appending.
func (l *Log) Open(p *plan.Plan) (*Target, error) {
	l.mu.Lock()
	reopened := l.reopened
	l.mu.Unlock()
	return l.open(p.AccessLog, p.LogFormat, reopened)
}

func (l *Log) open(path plan.AccessLog, format plan.LogFormat, reopened int) (*Target, error) {
	t := &Target{path: path, format: format, opened: reopened}
	switch path {
	case plan.AccessLogAuto, plan.AccessLogOff:
	case plan.AccessLogStdout:
		t.out = l.opts.Stdout
	default:
		f, err := openFile(string(path))
		if err != nil {
			return nil, fmt.Errorf("access_log: %w", err)
		}
		t.out, t.file = f, f
	}
	return t, nil
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
