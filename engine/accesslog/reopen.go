package accesslog

import (
	"context"
	"log/slog"
)

// Reopen opens the log's files again by name, for log rotation, and says so in
// the master's log. Lines that were logged before go to the old files. If a
// file cannot be opened, the old one stays in use. Reopen can block for as long
// as the file system does.
func (l *Log) Reopen() {
	l.mu.Lock()
	l.reopened++ // affects files that are open but not in use yet, too
	l.mu.Unlock()
	if !l.again() {
		l.opts.Log.Info("logs reopened", "files", 0, "reason", "no log file is open")
	}
}

// again replaces the files in use by new ones with the same names. It returns
// false if no file is in use.
func (l *Log) again() bool {
	l.mu.Lock()
	var files []*Target
	for _, s := range l.streams {
		if s.target.file != nil {
			files = append(files, s.target)
		}
	}
	l.mu.Unlock()
	reopened := 0
	for _, old := range files {
		if l.reopen(old) {
			reopened++
		}
	}
	if reopened > 0 {
		l.opts.Log.Info("logs reopened", "files", reopened)
	}
	return len(files) > 0
}

// reopen replaces a file. It reports false if the file stays in use.
func (l *Log) reopen(old *Target) bool {
	next, err := l.open(old.path)
	if err != nil {
		l.opts.Log.Error("logs not reopened", slog.Any("err", err), slog.String("reason", "the old file stays in use"))
		return false
	}
	l.mu.Lock()
	s := l.streams[old.path]
	replaced := s == nil || s.target != old // by a reload, which opened its own
	if !replaced {
		s.use(next)
	}
	l.mu.Unlock()
	if replaced {
		_ = next.Close() // nothing was written to it
	}
	return true
}

// ReopenOn calls Reopen for each value that it receives, until ctx is done.
func (l *Log) ReopenOn(ctx context.Context, signals <-chan struct{}) {
	for {
		select {
		case <-signals:
			l.Reopen()
		case <-ctx.Done():
			return
		}
	}
}
