package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Stats are the statistics of a pool at one moment.
type Stats struct {
	Ready    int // workers that can be picked
	Queued   int // requests waiting for a slot
	Requests int // in flight, including those on retired workers
	Tunnels  int // websockets, including those on retired workers

	Held time.Time // when the hold began; zero if the pool is not held

	Overloaded bool          // whether the newest request of some key goes first
	Longest    time.Duration // how long the request has waited that has waited longest

	// Totals since the pool was created:
	Claims   uint64 // slots granted, including those for repeated requests
	Waited   uint64 // the part of Claims that waited in the queue
	Full     uint64 // requests refused because of queue_limit
	TimedOut uint64 // requests that waited too long
	Left     uint64 // requests that left the queue because the client was gone
	Evicted  uint64 // requests that made room in a full queue for others
}

// Stats returns the current statistics.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	p.settle(now)
	s := p.stats
	s.Ready, s.Queued, s.Held = len(p.workers), p.waiting, p.held
	s.Overloaded = p.overloaded()
	for _, w := range p.workers {
		s.Longest = max(s.Longest, w.queue.longest(now))
	}
	s.Longest = max(s.Longest, p.queue.longest(now))
	return s
}

// Queued returns the number of requests that are waiting for a slot.
func (p *Pool) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

// Cap returns the number of slots per worker; 0 means no cap.
func (p *Pool) Cap() int { return p.Settings().MaxReqPerWorker }

// Ready returns the number of workers that can be picked.
func (p *Pool) Ready() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.workers)
}

// longest returns how long the request has waited that has waited longest.
func (q *queue) longest(now netloop.Time) time.Duration {
	var most time.Duration
	if c := q.repeats.head; c != nil {
		most = now.Sub(c.since)
	}
	for _, r := range q.rows {
		for _, l := range r.lanes.items {
			most = max(most, now.Sub(l.head.since))
		}
	}
	return most
}
