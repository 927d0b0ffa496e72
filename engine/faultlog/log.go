// Package faultlog logs what workers did wrong, and what was wrong with files, to the
// master's log.
package faultlog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/result"
)

// faultPause is the least time between two lines of a Log about the same group
// and reason.
const faultPause = 10 * time.Second

// A Log is a result.Observer that logs what workers did wrong, and what was wrong with
// files of statics: each request that ended with 502, with a file that cannot be read,
// or in the middle of an answer. For each group and reason
// it writes the first one immediately, and after that at most one line per
// faultPause, with the number of those in between.
type Log struct {
	log   *slog.Logger
	added chan struct{} // has capacity 1; a value means that there may be something to write

	mu    sync.Mutex // guards known and its contents
	known map[faultKey]*fault
}

// A faultKey is what requests that share a line have in common. Reasons are
// fixed texts, so there are few keys.
type faultKey struct {
	group  string
	static string // the prefix, for a file
	kind   result.Kind
	reason string
}

// A fault is one reason for which requests of a group failed.
type fault struct {
	count  int       // requests not reported yet
	worker int       // of the first of these; -1 if none
	id     string    // X-Request-ID of the first of these
	trace  string    // of the first of these; "" if it has none
	next   time.Time // when the next line may be written
}

// New returns a Log that writes once Run has been called.
func New(log *slog.Logger) *Log {
	return &Log{log: log, added: make(chan struct{}, 1), known: map[faultKey]*fault{}}
}

// Observe records a request that failed because of its worker or of a file. It ignores
// all others.
func (l *Log) Observe(r *result.Result) {
	switch r.Kind {
	case result.KindNoAnswer, result.KindMalformed, result.KindCut, result.KindFile:
	default:
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := faultKey{r.Group, r.Static, r.Kind, r.Reason}
	f := l.known[key]
	if f == nil {
		f = new(fault)
		l.known[key] = f
	}
	if f.count == 0 {
		f.worker, f.id, f.trace = r.Worker, string(r.ID), r.Trace.String()
	}
	f.count++
	select {
	case l.added <- struct{}{}:
	default: // Run has been notified already
	}
}

// Run writes lines about the observed requests until ctx is done, and then the
// remaining ones. It must be called once.
func (l *Log) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			l.write(time.Time{})
			return
		case <-l.added:
		case <-timer.C:
		}
		if wait := l.write(time.Now()); wait > 0 {
			timer.Reset(wait)
		}
	}
}

// write writes the lines that are due, and forgets reasons that have not
// occurred for a while. A zero now makes every line due. It returns the time
// until it must be called again, or 0.
func (l *Log) write(now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, f := range l.known {
		left := f.next.Sub(now)
		switch {
		case !now.IsZero() && left > 0:
		case f.count == 0:
			delete(l.known, key)
			continue
		default:
			l.line(key, f)
			f.count, f.next, left = 0, now.Add(faultPause), faultPause
		}
		if wait == 0 || left < wait {
			wait = left
		}
	}
	return wait
}

// line writes the line of a fault.
func (l *Log) line(key faultKey, f *fault) {
	what := "answered with 502"
	switch key.kind {
	case result.KindCut:
		what = "answer cut short"
	case result.KindFile:
		what = "a file cannot be read"
	}
	attrs := []slog.Attr{slog.String("group", key.group)}
	if key.static != "" {
		attrs = []slog.Attr{slog.String("static", key.static)}
	}
	if f.worker >= 0 {
		attrs = append(attrs, slog.Int("worker", f.worker))
	}
	attrs = append(attrs, slog.String("reason", key.reason), slog.String("id", f.id))
	if f.trace != "" {
		attrs = append(attrs, slog.String("trace", f.trace))
	}
	if f.count > 1 {
		attrs = append(attrs, slog.Int("more", f.count-1))
	}
	l.log.LogAttrs(context.Background(), slog.LevelWarn, what, attrs...)
}
