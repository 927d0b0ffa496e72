package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/logwriter"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

const (
	// maxBuffer bounds the bytes that wait to be written. A busy proxy logs
	// that much in about a second.
	maxBuffer = 8 << 20
	// flushGrace is how long the end waits for the log to be written.
	flushGrace = 2 * time.Second
)

// Options configure a Log. Log and Stdout are required.
type Options struct {
	Log      *slog.Logger // for problems with the access log itself
	Stdout   io.Writer    // for access_log=True
	Terminal *Terminal    // shows requests as well, unless access_log=False; nil for none
}

// A Log is the access log of a master: off, on standard output or in a file, and
// on a terminal.
// Its methods are safe to call from any goroutine.
type Log struct {
	opts  Options
	lines *logwriter.Writer[*Target]
	shows atomic.Bool // whether the terminal shows requests

	mu       sync.Mutex // guards all fields below
	target   *Target    // nil if the log is off
	reopened int        // number of calls of Reopen
}

// New returns a log that is off.
func New(opts Options) *Log {
	told := &teller{log: opts.Log}
	return &Log{opts: opts, lines: logwriter.New[*Target](logwriter.Options{
		Limit: maxBuffer, Grace: flushGrace, After: told.after, NotClosed: told.notClosed,
	})}
}

// Observe writes the line of a result, or counts the line as lost if the reader
// of the log is too far behind.
func (l *Log) Observe(r *result.Result) {
	if l.shows.Load() {
		l.opts.Terminal.show(r, time.Now())
	}
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
// takes ownership of it. Earlier lines go to the previous target. If the log
// was reopened since Open, Use opens the file once more.
func (l *Log) Use(t *Target) {
	l.mu.Lock()
	stale := t.file != nil && t.opened != l.reopened
	l.use(t)
	l.mu.Unlock()
	if stale {
		l.again()
	}
}

// use does the work of Use. mu must be held.
func (l *Log) use(t *Target) {
	l.shows.Store(l.opts.Terminal.shows(t.path))
	if t.out == nil {
		l.target = nil
		l.lines.Off()
		return
	}
	l.target = t
	l.lines.Use(t)
}

// Run writes the log until ctx is done, and then the remaining lines, for a
// limited time. It must be called once.
func (l *Log) Run(ctx context.Context) {
	l.lines.Start()
	<-ctx.Done()
	l.mu.Lock()
	l.target = nil // Close closes it
	l.mu.Unlock()
	if !l.lines.Close() { // the process ends with the write
		l.opts.Log.Warn("access log not completely written", "reason", "nobody reads it")
	}
}
