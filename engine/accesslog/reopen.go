package accesslog

import (
	"context"
	"log/slog"
)

// Reopen opens the log's file again by name, for log rotation, and says so in
// the master's log. Lines that were logged before go to the old file. If the
// file cannot be opened, the old one stays in use. Reopen can block for as long
// as the file system does.
func (l *Log) Reopen() {
	l.mu.Lock()
	l.reopened++ // affects a target that is open but not in use yet, too
	l.mu.Unlock()
	if !l.again() {
		l.opts.Log.Info("logs reopened", "files", 0, "reason", "no log file is open")
	}
}

// again replaces the file in use by a new one with the same name. It returns
// false if no file is in use.
func (l *Log) again() bool {
	l.mu.Lock()
	old, reopened := l.target, l.reopened
	l.mu.Unlock()
	if old == nil || old.file == nil {
		return false
	}
	next, err := l.open(old.path, old.format, reopened)
	if err != nil {
		l.opts.Log.Error("logs not reopened", slog.Any("err", err), slog.String("reason", "the old file stays in use"))
		return true
	}
	l.mu.Lock()
	replaced := l.target != old // by a reload, which opened its own
	if !replaced {
		l.use(next)
	}
	l.mu.Unlock()
	if replaced {
		_ = next.Close() // nothing was written to it
	}
	l.opts.Log.Info("logs reopened", "files", 1)
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
