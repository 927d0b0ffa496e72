package scrape

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A round asks all workers once, for the readers that came before it began. It goes on
// while one of them waits, whatever time the others have, and for at most mostRoundLimit.
type round struct {
	cancel  context.CancelFunc // ends it early
	readers int                // that wait; Scraper.mu guards it
	begun   time.Time          // valid once done is closed
	done    chan struct{}      // closed when it has ended

	mu    sync.Mutex // guards pages
	pages map[pageKey]func() []byte
}

// A pageKey says which page a reader wants.
type pageKey struct {
	sum    string // "true", "false", or "" for what each group says
	format expfmt.Format
}

// enter returns the round that begins next, with a reader more. The reader must leave it.
func (s *Scraper) enter() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.open = &round{cancel: cancel, done: make(chan struct{}), pages: make(map[pageKey]func() []byte)}
		go s.runRound(ctx, s.open)
	}
	s.open.readers++
	return s.open
}

// leave takes a reader from a round. The last one ends it, and waits until it has ended.
func (s *Scraper) leave(r *round) {
	s.mu.Lock()
	r.readers--
	last := r.readers == 0
	if last && s.open == r {
		s.open = nil
	}
	s.mu.Unlock()
	if last {
		r.cancel()
		<-r.done
	}
}

// runRound asks all workers, once it is its turn.
func (s *Scraper) runRound(ctx context.Context, r *round) {
	defer close(r.done)
	defer r.cancel()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return
	}
	s.mu.Lock()
	if s.open == r {
		s.open = nil
	}
	s.mu.Unlock()
	r.begun = time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, mostRoundLimit, errLate)
	defer cancel()
	s.askAll(ctx, s.sources(func(*plan.Group) bool { return true }))
}

// page returns a page of what the workers have answered in a round that has ended. It is
// made once for all readers that want the same.
func (s *Scraper) page(r *round, key pageKey, sum *bool) []byte {
	r.mu.Lock()
	if r.pages[key] == nil {
		r.pages[key] = sync.OnceValue(func() []byte { return s.encode(sum, r.begun, key.format) })
	}
	get := r.pages[key]
	r.mu.Unlock()
	return get()
}
