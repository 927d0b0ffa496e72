package scrape

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// errLate is the cause when a worker does not answer in time.
var errLate = fmt.Errorf("no answer within %v", askLimit)

// sources returns the workers of the groups that want takes.
func (s *Scraper) sources(want func(*plan.Group) bool) (out []*source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, src := range s.workers {
		if g := s.groups[src.group]; g != nil && want(g.spec) {
			out = append(out, src)
		}
	}
	return out
}

// askAll asks workers, a few at a time.
func (s *Scraper) askAll(ctx context.Context, all []*source) {
	var running sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, src := range all {
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			s.ask(ctx, src)
		})
	}
	running.Wait()
}

// ask asks a worker and keeps its answer. One goroutine at a time asks a worker, so
// that a later answer is never older.
func (s *Scraper) ask(ctx context.Context, src *source) {
	ctx, cancel := context.WithTimeoutCause(ctx, askLimit, errLate)
	defer cancel()
	select {
	case src.asking <- struct{}{}:
		defer func() { <-src.asking }()
	case <-ctx.Done():
		s.record(src, nil, nil, context.Cause(ctx))
		return
	}
	spec := s.specOf(src)
	if spec == nil {
		return
	}
	page, err := s.opts.Ask(ctx, src.worker.Socket, spec)
	if err != nil {
		if cause := context.Cause(ctx); cause == context.Canceled {
			err = cause // nobody waits for the answer: whatever was wrong says nothing about the worker
		}
		s.record(src, spec, nil, err)
		return
	}
	now, refused, err := parse(ctx, page)
	s.record(src, spec, now, err)
	if err == nil {
		s.refuse(src, spec, refused)
	}
}

// specOf returns how to ask a worker, or nil if its group has no metrics_path. A retired
// worker may be too old for the path of the plan in effect, so the one on which it has
// answered stays.
func (s *Scraper) specOf(src *source) *plan.Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch g := s.groups[src.group]; {
	case g == nil:
		return nil
	case src.retired && src.spec != nil:
		return src.spec
	default:
		return g.spec
	}
}

// A malformedError says that the answer of a worker is no page of metrics.
type malformedError struct{ error }

func (e *malformedError) Unwrap() error { return e.error }

// resultOf returns the result that an error means, or "" for one that says nothing
// about the worker.
func resultOf(err error) Result {
	switch {
	case err == nil:
		return ResultOK
	case errors.Is(err, worker.ErrLongPage), errors.Is(err, errTooMuch):
		return ResultTooLong
	case errors.As(err, new(*malformedError)):
		return ResultMalformed
	case errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, errLate), errors.Is(err, context.DeadlineExceeded):
		return ResultTimeout
	}
	return ResultFailed
}

// record keeps the answer of a worker. What the worker had counted before and does not
// count any more is carried on. spec says how it was asked; nil means that it was not.
func (s *Scraper) record(src *source, spec *plan.Group, now families, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[src.group]
	if g == nil || s.workers[src.worker] != src { // it has ended, or was forgotten
		return
	}
	result := resultOf(err)
	if result == "" {
		return
	}
	src.ok, src.at = err == nil, time.Now()
	g.counts.Results[result]++
	if err != nil {
		if key := "scrape " + string(result); !g.said[key] {
			g.said[key] = true
			spec = cmp.Or(spec, g.spec)
			s.opts.Log.Warn("no metrics of an app", "group", src.group, "worker", src.worker.Index, "pid", src.worker.PID,
				"path", spec.MetricsPath, "err", visible.Cut(visible.FirstLine(err.Error()), 300), "hint", "further ones are only counted, in ldcorn_app_scrapes_total")
		}
		return
	}
	for name, f := range src.last {
		if next := now[name]; next == nil || next.kind == f.kind {
			for key, m := range f.series {
				if next == nil || fell(m, next.series[key]) {
					g.carried.add(name, f, key, m)
				}
			}
		}
	}
	g.carried.drop(now)
	src.last, src.spec = now, spec
}

// refuse counts the series of a worker that have no value that can be used. The log says
// once for each name why.
func (s *Scraper) refuse(src *source, spec *plan.Group, refused []refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[src.group]
	if g == nil {
		return
	}
	for _, r := range refused {
		g.counts.Refused++
		if g.sayOnce("series " + r.metric) {
			s.opts.Log.Warn("metrics of an app left out", "group", spec.Name, "metric", r.metric, "reason", r.why,
				"hint", "further ones are only counted, in ldcorn_app_series_refused_total")
		}
	}
}
