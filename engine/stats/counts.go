package stats

import (
	"slices"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/result"
)

// Classes are the classes of status, in the order of Counts. They are read-only.
var Classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// Counts are the counts of some requests.
type Counts struct {
	Classes [len(Classes)]uint64 // requests answered, by class of status
	Faults  Faults               // those of them without a complete answer of the app
	Repeats uint64               // how often a request went to another worker
	// Received and Sent are the bytes of the bodies of requests and answers, without
	// websockets.
	Received, Sent uint64
	Took           Times // time from a request's head to the end of its answer
	Queued         Times // time spent waiting for a slot
	Held           Times // time for which they had a slot, of those that had one
}

// Requests returns the total number of requests.
func (c *Counts) Requests() (n uint64) {
	for _, k := range c.Classes {
		n += k
	}
	return n
}

// Add adds other counts.
func (c *Counts) Add(d *Counts) {
	for i, n := range d.Classes {
		c.Classes[i] += n
	}
	for i, n := range d.Faults {
		c.Faults[i] += n
	}
	c.Repeats += d.Repeats
	c.Received += d.Received
	c.Sent += d.Sent
	c.Took.add(&d.Took)
	c.Queued.add(&d.Queued)
	c.Held.add(&d.Held)
}

// maxKinds is at least the number of result.Kinds.
const maxKinds = 32

// Faults counts what went wrong, by index in result.Kinds.
type Faults [maxKinds]uint64

// Of returns the count of one kind, 0 if there is no such kind.
func (f *Faults) Of(kind result.Kind) uint64 {
	if i := slices.Index(result.Kinds, kind); i >= 0 {
		return f[i]
	}
	return 0
}

// faults counts what goes wrong, by index in result.Kinds.
type faults [maxKinds]atomic.Uint64

func (f *faults) observe(kind result.Kind) {
	if kind == "" {
		return
	}
	if i := slices.Index(result.Kinds, kind); i >= 0 {
		f[i].Add(1)
	}
}

func (f *faults) read() (out Faults) {
	for i := range f {
		out[i] = f[i].Load()
	}
	return out
}

// counters count the requests of a seat, or those of a group that reached no
// seat. The zero counters are ready to use, from any goroutine.
type counters struct {
	classes [len(Classes)]atomic.Uint64
	faults  faults
	repeats atomic.Uint64
	in, out atomic.Uint64 // bytes of bodies
	took    timer
	queued  timer
	held    timer
}

func (c *counters) observe(r *result.Result) {
	class := min(max(r.Status/100, 1), len(Classes)) - 1 // a worker may send 999
	c.classes[class].Add(1)
	c.took.observe(r.Took)
	c.queued.observe(r.Queued)
	if r.Worker >= 0 {
		c.held.observe(r.Held)
	}
	if r.Received > 0 {
		c.in.Add(uint64(r.Received))
	}
	if r.Sent > 0 {
		c.out.Add(uint64(r.Sent))
	}
	if r.Repeats > 0 {
		c.repeats.Add(uint64(r.Repeats))
	}
	c.faults.observe(r.Kind)
}

func (c *counters) read() Counts {
	out := Counts{Faults: c.faults.read(), Repeats: c.repeats.Load(), Received: c.in.Load(), Sent: c.out.Load(), Took: c.took.read(), Queued: c.queued.read(), Held: c.held.read()}
	for i := range c.classes {
		out.Classes[i] = c.classes[i].Load()
	}
	return out
}
