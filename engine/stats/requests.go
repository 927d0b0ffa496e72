package stats

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// Requests counts the requests that the proxy has processed. The zero Requests
// knows no groups, and is ready to use. Its methods are safe to call from any
// goroutine, but only one goroutine at a time may call Publish.
type Requests struct {
	unrouted faults
	statics  statics
	routed   [len(Decisions)]atomic.Uint64
	ignored  atomic.Uint64

	published int                    // calls of Publish
	groups    atomic.Pointer[groups] // replaced, never modified
}

// groups are those that were published last, and what is left of others.
type groups struct {
	published map[*pool.Pool]*Group
	named     map[string]*Group // with those that are gone
}

// mostGone is how many groups that are gone keep their counts. It is more than a
// configuration takes and gives back, and bounds what one that invents names can use.
const mostGone = 256

// Decisions lists what a router can decide. It is read-only.
var Decisions = [...]decide.Routed{decide.RoutedNone, decide.RoutedGroup, decide.RoutedRespond, decide.RoutedRedirect, decide.RoutedError}

func (q *Requests) now() groups {
	if now := q.groups.Load(); now != nil {
		return *now
	}
	return groups{}
}

// Publish sets the groups to report. It must come before the proxy sends them
// requests: requests of a group that was never published do not count. A group that was
// published before keeps its counts, also if it was gone in the meantime. Publish does not
// keep the map.
func (q *Requests) Publish(pools map[string]*pool.Pool) {
	before := q.now()
	next := groups{make(map[*pool.Pool]*Group, len(pools)), make(map[string]*Group, len(pools))}
	for name, p := range pools {
		g := before.named[name]
		if g == nil {
			g = newGroup(name, p)
		}
		g.use(p)
		next.published[p], next.named[name] = g, g
	}
	q.published++
	var gone []*Group
	for name, g := range before.named {
		if next.named[name] == nil {
			g.leave(q.published)
			gone = append(gone, g)
		}
	}
	slices.SortFunc(gone, func(a, b *Group) int { return cmp.Compare(b.left, a.left) })
	for _, g := range gone[:min(len(gone), mostGone)] {
		next.named[g.Name] = g
	}
	q.groups.Store(&next)
}

// Observe counts a request. It allocates nothing and takes no lock, except for
// the first request of a seat.
func (q *Requests) Observe(r *result.Result) {
	if i := slices.Index(Decisions[:], r.Router); i >= 0 {
		q.routed[i].Add(1)
	}
	if r.Ignored {
		q.ignored.Add(1)
	}
	if r.Static != "" {
		q.statics.observe(r)
		return
	}
	if r.Pool == nil {
		q.unrouted.observe(r.Kind)
		return
	}
	now := q.now()
	g := now.published[r.Pool]
	if g == nil {
		g = now.named[r.Group] // the request has outlived its group
	}
	if g != nil {
		g.observe(r)
	}
}

// AddSlow counts requests of a group that have become slow.
func (q *Requests) AddSlow(group string, n int) {
	if g := q.now().named[group]; g != nil {
		g.slow.Add(uint64(n))
	}
}

// Groups returns the groups published last, by name.
func (q *Requests) Groups() map[string]*Group {
	now := q.now()
	out := make(map[string]*Group, len(now.published))
	for _, g := range now.published {
		out[g.Name] = g
	}
	return out
}

// Busy returns the groups published last, and those that are gone and still have requests
// or websockets, by name.
func (q *Requests) Busy() map[string]*Group {
	out := q.Groups()
	for name, g := range q.now().named {
		if out[name] == nil && g.busy() {
			out[name] = g
		}
	}
	return out
}

// Unrouted returns what went wrong with requests that reached no group.
func (q *Requests) Unrouted() Faults { return q.unrouted.read() }

// Ignored returns how many requests named a client in X-Forwarded-For or Forwarded
// although no trusted proxy vouched for it.
func (q *Requests) Ignored() uint64 { return q.ignored.Load() }

// Decided returns how often the router made each decision, by index in
// Decisions.
func (q *Requests) Decided() (out [len(Decisions)]uint64) {
	for i := range q.routed {
		out[i] = q.routed[i].Load()
	}
	return out
}
