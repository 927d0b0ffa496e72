package stats

import (
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A Group is what is counted of one group's requests. Its methods are safe from
// any goroutine.
type Group struct {
	Name string
	Pool *pool.Pool // what is under way in the group

	none  counters                    // of requests that no worker was tried for
	seats atomic.Pointer[[]*counters] // by index; never changed, but replaced
	grow  sync.Mutex                  // is held by whoever replaces seats
}

func newGroup(name string, p *pool.Pool) *Group { return &Group{Name: name, Pool: p} }

func (g *Group) observe(r *result.Result) {
	if r.Worker < 0 {
		g.none.observe(r)
		return
	}
	g.seat(r.Worker).observe(r)
}

// now returns the counters of the seats that have got requests so far, and
// those below them.
func (g *Group) now() []*counters {
	if seats := g.seats.Load(); seats != nil {
		return *seats
	}
	return nil
}

// seat returns the counters of an index.
func (g *Group) seat(index int) *counters {
	if seats := g.now(); index < len(seats) {
		return seats[index]
	}
	g.grow.Lock()
	defer g.grow.Unlock()
	seats := g.now()
	for len(seats) <= index {
		seats = append(seats[:len(seats):len(seats)], new(counters))
	}
	g.seats.Store(&seats)
	return seats[index]
}

// Counts returns what was counted of the whole group since it is there.
func (g *Group) Counts() Counts {
	all := g.none.read()
	for _, c := range g.now() {
		one := c.read()
		all.add(&one)
	}
	return all
}

// Seats returns the same for each seat, by index. A request counts for the seat
// of the last worker that was tried; one that no worker was tried for counts
// for none. Seats that have got no request yet may be left out at the end, and
// those that a group has lost are still there.
func (g *Group) Seats() []Counts {
	seats := g.now()
	out := make([]Counts, len(seats))
	for i, c := range seats {
		out[i] = c.read()
	}
	return out
}
