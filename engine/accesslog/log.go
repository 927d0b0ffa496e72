package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/logwriter"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

const (
	// maxBuffer bounds what waits to be written, in bytes. A busy proxy logs
	// as much in about a second.
	maxBuffer = 8 << 20
	// flushGrace is how long the end waits for whoever reads the log.
	flushGrace = 2 * time.Second
)

// Options configure a Log. Both are required.
type Options struct {
	Log    *slog.Logger // for what goes wrong with the access log itself
	Stdout io.Writer    // for access_log=True
}

// A Log is the access log of a master: none, on standard output or in a
// file. Its methods are safe from any goroutine.
type Log struct {
	opts  Options
	lines *logwriter.Writer[*Target]

	mu       sync.Mutex // guards all below
	target   *Target    // nil = the log is off
	reopened int        // how often Reopen was called
}

// New returns a log that is off.
func New(opts Options) *Log {
	told := &teller{log: opts.Log}
	return &Log{opts: opts, lines: logwriter.New[*Target](logwriter.Options{
		Limit: maxBuffer, Grace: flushGrace, After: told.after, NotClosed: told.notClosed,
	})}
}

// Observe writes the line of a result, or counts it as lost when whoever reads
// the log is too far behind.
func (l *Log) Observe(r *result.Result) {
	if !l.lines.On() {
		return
	}
	now := time.Now()
	l.lines.Append(func(buf []byte, t *Target) []byte {
		if t.format == plan.LogJSON {
			return appendJSON(buf, r, now)
		}
		return appendText(buf, r, now)
	})
}

// Use makes a target that Open returned the target of all later lines, and
// takes it over. Earlier lines go to the target before. If the log was
// reopened since Open, Use opens the file once more.
func (l *Log) Use(t *Target) {
	l.mu.Lock()
	stale := t.file != nil && t.opened != l.reopened
	l.use(t)
	l.mu.Unlock()
	if stale {
		l.again()
	}
}

// use does so for a caller that holds the lock.
func (l *Log) use(t *Target) {
	if t.out == nil {
		l.target = nil
		l.lines.Off()
		return
	}
	l.target = t
	l.lines.Use(t)
}

// Run writes the log until ctx is done, then what is left, for a while. The
// caller must call it once.
func (l *Log) Run(ctx context.Context) {
	l.lines.Start()
	<-ctx.Done()
	l.mu.Lock()
	l.target = nil // Close closes it
	l.mu.Unlock()
	if !l.lines.Close() { // the process ends with the write
		l.opts.Log.Warn("access log not written to its end", "reason", "nobody reads it")
	}
}
