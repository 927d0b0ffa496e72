package accesslog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Target is where a log goes: opened, and not yet in use.
type Target struct {
	path   plan.AccessLog
	opened int // how often the log had been reopened by then
	format plan.LogFormat
	out    io.Writer // nil = nowhere
	file   *os.File  // to be closed; nil for standard output
	rest   []byte    // lines from before it was replaced
}

// Open opens what a plan's access_log names, to be handed to Use, or closed.
// A file is opened anew each time, so that a log which was moved away goes on
// under its name. It fails when the file cannot be opened for appending.
func (l *Log) Open(p *plan.Plan) (*Target, error) {
	l.mu.Lock()
	reopened := l.reopened
	l.mu.Unlock()
	return l.open(p.AccessLog, p.LogFormat, reopened)
}

func (l *Log) open(path plan.AccessLog, format plan.LogFormat, reopened int) (*Target, error) {
	t := &Target{path: path, format: format, opened: reopened}
	switch path {
	case plan.AccessLogOff:
	case plan.AccessLogStdout:
		t.out = l.opts.Stdout
	default:
		f, err := openFile(string(path))
		if err != nil {
			return nil, err
		}
		t.out, t.file = f, f
	}
	return t, nil
}

func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("access_log: %w: make the folder %s first", err, filepath.Dir(path))
	case err != nil:
		return nil, fmt.Errorf("access_log: %w", err)
	}
	return f, nil
}

// Close closes a target that is not in use. A nil one is closed already.
func (t *Target) Close() error {
	if t == nil || t.file == nil {
		return nil
	}
	return t.file.Close()
}
