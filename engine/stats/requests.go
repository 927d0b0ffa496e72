package stats

import (
	"slices"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// Requests counts what the proxy has dealt with. The zero Requests knows no
// group, and is ready for use. Its methods are safe from any goroutine, but
// Publish from one at a time.
type Requests struct {
	unrouted faults
	routed   [len(Decisions)]atomic.Uint64

	groups atomic.Pointer[map[*pool.Pool]*Group] // never changed, but replaced
}

// Decisions are what a router can say. Only read.
var Decisions = [...]decide.Routed{decide.RoutedNone, decide.RoutedGroup, decide.RoutedRespond, decide.RoutedRedirect, decide.RoutedError}

func (q *Requests) now() map[*pool.Pool]*Group {
	if groups := q.groups.Load(); groups != nil {
		return *groups
	}
	return nil
}

// Publish makes the groups the ones that are told of. It must come before the
// proxy sends them requests: those of a pool that is not published do not
// count. A pool that was published before counts on. The map is not kept.
func (q *Requests) Publish(pools map[string]*pool.Pool) {
	before := q.now()
	groups := make(map[*pool.Pool]*Group, len(pools))
	for name, p := range pools {
		g := before[p]
		if g == nil {
			g = newGroup(name, p)
		}
		groups[p] = g
	}
	q.groups.Store(&groups)
}

// Observe counts a request. It allocates nothing and takes no lock, but for the
// first request of a seat.
func (q *Requests) Observe(r *result.Result) {
	if i := slices.Index(Decisions[:], r.Router); i >= 0 {
		q.routed[i].Add(1)
	}
	if r.Pool == nil {
		q.unrouted.observe(r.Kind)
		return
	}
	if g := q.now()[r.Pool]; g != nil {
		g.observe(r)
	}
}

// Groups returns the groups that were published last, by name.
func (q *Requests) Groups() map[string]*Group {
	now := q.now()
	out := make(map[string]*Group, len(now))
	for _, g := range now {
		out[g.Name] = g
	}
	return out
}

// Unrouted returns what has gone wrong with requests that came to no group.
func (q *Requests) Unrouted() Faults { return q.unrouted.read() }

// Decided returns how often the router has said something, by Decisions.
func (q *Requests) Decided() (out [len(Decisions)]uint64) {
	for i := range q.routed {
		out[i] = q.routed[i].Load()
	}
	return out
}
