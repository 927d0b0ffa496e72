package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

const (
	// maxBuffer bounds the bytes that wait to be written to a place. A busy proxy
	// logs that much in about a second.
	maxBuffer = 8 << 20
	// flushGrace is how long the end waits for the log to be written.
	flushGrace = 2 * time.Second
	// gather is how long lines of a busy log wait for more of them. It is less than a
	// person notices, and hundreds of requests on a busy proxy.
	gather = 10 * time.Millisecond
)

// Options configure a Log. Log and Stdout are required.
type Options struct {
	Log      *slog.Logger // for problems with the access log itself
	Stdout   io.Writer    // for access_log=True
	Terminal *Terminal    // shows requests as well, unless access_log=False; nil for none
}

// A Log is the access log of a master: off, on standard output or in files, and
// on a terminal.
// Its methods are safe to call from any goroutine.
type Log struct {
	opts Options
	ways atomic.Pointer[ways]
	lost atomic.Uint64 // lines, in all places

	mu       sync.Mutex // guards all fields below
	streams  map[plan.AccessLog]*stream
	main     plan.AccessLog // of the plan in use
	told     *teller        // of that place, or the latest one; nil if there was none
	reopened int            // number of calls of Reopen
	running  bool           // Run was called
	ended    bool           // Run is ending
	leaving  sync.WaitGroup // streams that nothing is written to any more
}

// New returns a log that is off.
func New(opts Options) *Log {
	l := &Log{opts: opts, streams: map[plan.AccessLog]*stream{}}
	l.ways.Store(&ways{plan: &way{sample: 1}})
	return l
}

// Lost returns how many lines were lost so far, in all places, because they could not be
// written or their reader was too slow.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// Observe writes the line of a result, or counts the line as lost if the reader
// of the log is too far behind.
func (l *Log) Observe(r *result.Result) {
	for ways := l.ways.Load(); ; {
		w := ways.of(r)
		if l.write(w, r) {
			break
		}
		next := l.ways.Load()
		if next == ways {
			break // the log has ended
		}
		ways = next // which was being switched
	}
}

// write writes the line of a result. It reports false if the place is no longer in use.
func (l *Log) write(w *way, r *result.Result) bool {
	if w.out == nil {
		if w.shown {
			l.opts.Terminal.show(r, time.Now())
		}
		return true
	}
	now := time.Now()
	if keep, sampled := w.keeps(r); keep && !w.out.lines.Append(func(buf []byte, _ *Target) []byte {
		return w.layout.append(buf, r, now, sampled)
	}) {
		return false
	}
	if w.shown {
		l.opts.Terminal.show(r, now)
	}
	return true
}

// Use makes what Open returned the log of all later lines, and takes ownership of it.
// Earlier lines go to where they went before. If the log was reopened since Open, Use
// opens the files once more.
func (l *Log) Use(o *Opening) {
	l.mu.Lock()
	stale := l.use(o)
	l.mu.Unlock()
	if stale {
		l.again()
	}
}

// use does the work of Use, and reports whether files are to be opened once more. mu
// must be held.
func (l *Log) use(o *Opening) (stale bool) {
	if l.ended {
		_ = o.Close() // nothing was written to it
		return false
	}
	before := l.streams
	if main := before[l.main]; main != nil {
		l.told = main.told
	}
	l.main = o.main
	l.streams = make(map[plan.AccessLog]*stream, len(o.targets))
	for _, t := range o.targets {
		s := before[t.path]
		if delete(before, t.path); s == nil {
			s = newStream(l.tellerOf(t, o), &l.lost)
			if l.running {
				s.lines.Start()
			}
		}
		s.use(t)
		l.streams[t.path] = s
		stale = stale || t.file != nil && o.reopened != l.reopened
	}
	o.ways.each(func(w *way) { w.out = l.streams[w.to] })
	l.ways.Store(o.ways)
	for _, s := range before {
		l.leave(s)
	}
	return stale
}

// tellerOf returns a teller for a target. It names the file if it is not that of the
// plan. That of the plan is the same for all places, so that it tells when a reload has
// ended what was wrong. mu must be held.
func (l *Log) tellerOf(t *Target, o *Opening) *teller {
	switch {
	case t.path != o.main:
		return &teller{log: l.opts.Log.With(slog.String("file", string(t.path)))}
	case l.told == nil:
		l.told = &teller{log: l.opts.Log}
	}
	return l.told
}

// leave writes what waits for a stream, and ends it. mu must be held.
func (l *Log) leave(s *stream) {
	if !l.running {
		s.lines.Start()
	}
	l.leaving.Go(func() { l.end(s) })
}

// end ends a stream.
func (l *Log) end(s *stream) {
	if !s.lines.Close() { // the process ends with the write
		l.opts.Log.Warn("access log not completely written", "reason", "nobody reads it")
	}
	s.told.end()
}

// Run writes the log until ctx is done, and then the remaining lines, for a
// limited time. It must be called once.
func (l *Log) Run(ctx context.Context) {
	l.mu.Lock()
	l.running = true
	for _, s := range l.streams {
		s.lines.Start()
	}
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	l.ended = true
	for _, s := range l.streams {
		l.leave(s)
	}
	clear(l.streams)
	l.mu.Unlock()
	l.leaving.Wait()
}
