package stats

import (
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A Group holds the counts of one group's requests. Its methods are safe to
// call from any goroutine.
type Group struct {
	Name string

	pools atomic.Pointer[pools]
	left  int // the call of Publish since which it is gone; 0 if it is not. Publish owns it

	slow  atomic.Uint64               // requests that were slow
	none  counters                    // requests for which no worker was tried
	seats atomic.Pointer[[]*counters] // by index; replaced, never modified
	grow  sync.Mutex                  // held while replacing seats
}

func newGroup(name string, p *pool.Pool) *Group {
	g := &Group{Name: name}
	g.pools.Store(&pools{now: p})
	return g
}

func (g *Group) observe(r *result.Result) {
	if r.Worker < 0 {
		g.none.observe(r)
		return
	}
	g.seat(r.Worker).observe(r)
}

// Slow returns how many requests were slow.
func (g *Group) Slow() uint64 { return g.slow.Load() }

// now returns the counters of the seats that have received requests so far, and
// of those with lower indexes.
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

// Counts returns the counts of the whole group since it was first added.
func (g *Group) Counts() Counts {
	all := g.none.read()
	for _, c := range g.now() {
		one := c.read()
		all.Add(&one)
	}
	return all
}

// Each calls f with the counts of the requests that reached no seat, whose index is
// -1, and then with those of each seat, as Seats does. It allocates little, so it suits
// a reader that comes often; f must not keep the counts.
func (g *Group) Each(f func(index int, c *Counts)) {
	one := g.none.read()
	f(-1, &one)
	for i, c := range g.now() {
		one = c.read()
		f(i, &one)
	}
}

// Seats returns the counts of each seat, by index. A request counts for the
// seat of the last worker tried, or for none if no worker was tried. Seats at
// the end may be missing if they have not received any request; seats that the
// group has lost are still included.
func (g *Group) Seats() []Counts {
	seats := g.now()
	out := make([]Counts, len(seats))
	for i, c := range seats {
		out[i] = c.read()
	}
	return out
}
