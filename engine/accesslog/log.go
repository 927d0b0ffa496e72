package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

const (
	// maxBuffer bounds what waits to be written, in bytes: a second or so of
	// a busy proxy.
	maxBuffer = 8 << 20
	// toldEvery is how often it is told that lines are lost, at most.
	toldEvery = 10 * time.Second
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
	opts   Options
	filled chan struct{} // holds one when there is something to do

	on atomic.Bool // there is a target, so that who has none takes no lock

	mu       sync.Mutex // guards all below
	format   plan.LogFormat
	target   *Target
	retired  []*Target // that were replaced, with what they still are to get
	buf      []byte
	lost     int // lines, since it was told last
	reopened int // how often Reopen was called
}

// New returns a log that is off.
func New(opts Options) *Log {
	return &Log{opts: opts, filled: make(chan struct{}, 1)}
}

// Observe writes the record's line, or counts it as lost when whoever reads
// the log is too far behind.
func (l *Log) Observe(r *proxy.Record) {
	if !l.on.Load() {
		return
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.target == nil {
		return
	}
	if len(l.buf) >= maxBuffer {
		l.lost++
		return
	}
	if l.format == plan.LogJSON {
		l.buf = appendJSON(l.buf, r, now)
	} else {
		l.buf = appendText(l.buf, r, now)
	}
	l.wake()
}

// wake has the writer look.
func (l *Log) wake() {
	select {
	case l.filled <- struct{}{}:
	default: // it will look anyway
	}
}

// Use makes a target that Open returned the one for all later lines, and
// takes it over. What was logged before goes to the one before. If the log has
// been reopened since Open, the file is opened once more.
func (l *Log) Use(t *Target) {
	l.mu.Lock()
	stale := t.file != nil && t.opened != l.reopened
	l.use(t)
	l.mu.Unlock()
	if stale {
		l.again()
	}
}

// use does so with the lock held.
func (l *Log) use(t *Target) {
	if old := l.target; old != nil {
		old.rest, l.buf = l.buf, nil
		l.retired = append(l.retired, old)
	}
	l.target, l.format = nil, t.format
	if t.out != nil {
		l.target = t
	}
	l.on.Store(l.target != nil)
	l.wake()
}

// Run writes what is logged until ctx is done, then what is left, for a
// while. It must be called once.
func (l *Log) Run(ctx context.Context) {
	w := &writer{l: l, stop: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	<-ctx.Done()
	close(w.stop)
	grace := time.NewTimer(flushGrace)
	defer grace.Stop()
	select {
	case <-w.done:
	case <-grace.C: // nobody reads: the process ends with the write
		l.opts.Log.Warn("access log not written to its end", "reason", "nobody reads it")
	}
}
