package stats

import (
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

	groups atomic.Pointer[map[*pool.Pool]*Group] // replaced, never modified
}

// Decisions lists what a router can decide. It is read-only.
var Decisions = [...]decide.Routed{decide.RoutedNone, decide.RoutedGroup, decide.RoutedRespond, decide.RoutedRedirect, decide.RoutedError}

func (q *Requests) now() map[*pool.Pool]*Group {
	if groups := q.groups.Load(); groups != nil {
		return *groups
	}
	return nil
}

// Publish sets the groups to report. It must come before the proxy sends them
// requests: requests of a pool that is not published do not count. A pool that
// was published before keeps its counts. Publish does not keep the map.
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
	if g := q.now()[r.Pool]; g != nil {
		g.observe(r)
	}
}

// Groups returns the groups published last, by name.
func (q *Requests) Groups() map[string]*Group {
	now := q.now()
	out := make(map[string]*Group, len(now))
	for _, g := range now {
		out[g.Name] = g
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
