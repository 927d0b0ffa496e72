package pool

import "time"

// Stats are the numbers of a pool at one moment.
type Stats struct {
	Ready    int // workers that may be picked
	Queued   int // requests that wait for a slot
	Requests int // in flight, on retired workers too
	Tunnels  int // websockets, on retired workers too

	Held time.Time // since when; zero if it is not

	// Since the pool is there:
	Claims   uint64 // slots given out, repeats included
	Waited   uint64 // of these, from the queue
	Full     uint64 // requests that queue_limit kept out
	TimedOut uint64 // that have waited in vain
	Left     uint64 // whose client left the queue
}

// Stats returns the numbers of now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Ready, s.Queued, s.Held = len(p.workers), p.waiting, p.held
	return s
}

// Queued is the number of requests that wait for a slot.
func (p *Pool) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

// Cap is the number of slots per worker; 0 = no cap.
func (p *Pool) Cap() int { return p.Settings().MaxReqPerWorker }

// Ready is the number of workers that may be picked.
func (p *Pool) Ready() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.workers)
}
