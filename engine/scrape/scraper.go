package scrape

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// These bound how workers are asked.
const (
	askLimit = 3 * time.Second // for an answer
	atOnce   = 16              // workers that are asked at a time
	every    = 5 * time.Second // between two looks at groups with metrics_sum
)

// A Result says how it went to ask a worker.
type Result string

// The results.
const (
	ResultOK        Result = "ok"
	ResultTimeout   Result = "timeout"   // no answer in time
	ResultFailed    Result = "failed"    // no answer, or not 200
	ResultMalformed Result = "malformed" // not in the text format of Prometheus
	ResultTooLong   Result = "too_long"
)

// Results are all results.
var Results = []Result{ResultOK, ResultTimeout, ResultFailed, ResultMalformed, ResultTooLong}

// Counts are what was counted of a group.
type Counts struct {
	Results map[Result]uint64
	Skipped uint64 // families that were left out of answers, all or in part, because another one has the name
	Refused uint64 // series of workers that have no value that can be used
	Carried int    // series of workers that have ended
	Dropped uint64 // of those, the ones that were forgotten because there were too many
}

// Options are what a Scraper needs.
type Options struct {
	Log *slog.Logger
	// Ask asks a worker of a group; nil means worker.AskMetrics.
	Ask func(ctx context.Context, socket string, p *plan.Group) (*worker.MetricsPage, error)
}

// A Scraper asks workers for the metrics of their apps. It is a supervisor.Witness. All
// methods can be called from any goroutine.
type Scraper struct {
	opts Options
	turn chan struct{} // has capacity 1; the round that has sent to it asks all workers
	room chan struct{} // has a value for each reader that waits

	mu      sync.Mutex // guards all below
	order   []string   // names of the groups with metrics_path, as in the plan
	groups  map[string]*group
	workers map[*pool.Worker]*source
	entered int    // how many workers have
	open    *round // the one that has not begun yet; nil if there is none
}

// A group is a group with metrics_path.
type group struct {
	spec    *plan.Group
	carried *total // of workers that have ended
	counts  Counts
	said    map[string]bool // what was logged
}

// maxSaid is how many things a group has in the log for what is left out.
const maxSaid = 100

// sayOnce reports whether something has not been logged yet, and can be.
func (g *group) sayOnce(key string) bool {
	if g.said[key] || len(g.said) >= maxSaid {
		return false
	}
	g.said[key] = true
	return true
}

// A source is a worker that runs.
type source struct {
	worker  *pool.Worker
	group   string
	number  int           // of its entry: newer workers have higher ones
	retired bool          // gets no new requests
	asking  chan struct{} // has capacity 1; whoever has sent to it asks the worker
	last    families      // what it answered last; nil if it never did
	spec    *plan.Group   // how it was asked then
	ok      bool          // it did answer when it was asked last
	at      time.Time     // when that was
}

// New returns a Scraper that knows no group.
func New(opts Options) *Scraper {
	if opts.Ask == nil {
		opts.Ask = worker.AskMetrics
	}
	return &Scraper{opts: opts, turn: make(chan struct{}, 1), room: make(chan struct{}, maxReaders), groups: make(map[string]*group), workers: make(map[*pool.Worker]*source)}
}

// Follow makes a plan the one in effect. It forgets what it knows of groups that are
// not in the plan, or have no metrics_path any more.
func (s *Scraper) Follow(p *plan.Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.groups
	s.groups, s.order = make(map[string]*group), nil
	for _, spec := range p.Groups {
		if spec.MetricsPath == "" {
			continue
		}
		g := before[spec.Name]
		if g == nil {
			g = &group{carried: newTotal(maxCarried), counts: Counts{Results: make(map[Result]uint64)}, said: make(map[string]bool)}
		}
		if g.spec != nil && g.spec.MetricsPath != spec.MetricsPath {
			clear(g.said) // what was wrong on the path before says nothing about this one
		}
		g.spec = spec
		s.groups[spec.Name] = g
		s.order = append(s.order, spec.Name)
	}
	for w, src := range s.workers {
		switch {
		case p.Group(src.group) == nil:
			delete(s.workers, w)
		case s.groups[src.group] == nil:
			src.last, src.spec, src.ok = nil, nil, false
		}
	}
}

// Entered implements supervisor.Witness.
func (s *Scraper) Entered(group string, w *pool.Worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entered++
	s.workers[w] = &source{worker: w, group: group, number: s.entered, asking: make(chan struct{}, 1)}
}

// Retired implements supervisor.Witness.
func (s *Scraper) Retired(w *pool.Worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.workers[w]; src != nil {
		src.retired = true
	}
}

// Stopping implements supervisor.Witness: it asks the worker for the last time.
func (s *Scraper) Stopping(ctx context.Context, w *pool.Worker) {
	s.mu.Lock()
	src := s.workers[w]
	s.mu.Unlock()
	if src != nil {
		s.ask(ctx, src)
	}
}

// Ended implements supervisor.Witness. From now on, what the worker has counted is
// carried on.
func (s *Scraper) Ended(w *pool.Worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.workers[w]
	delete(s.workers, w)
	if src == nil {
		return
	}
	if g := s.groups[src.group]; g != nil {
		g.carried.addAll(src.last)
	}
}

// Run asks the workers of groups with metrics_sum now and then, until ctx is done, so
// that little is lost if one crashes. It must be called once.
func (s *Scraper) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.askAll(ctx, s.sources(func(p *plan.Group) bool { return p.MetricsSum }))
		}
	}
}

// Counts returns what was counted, by group.
func (s *Scraper) Counts() map[string]Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]Counts, len(s.groups))
	for name, g := range s.groups {
		c := g.counts
		c.Results, c.Carried, c.Dropped = maps.Clone(c.Results), g.carried.count(), g.carried.dropped
		out[name] = c
	}
	return out
}
