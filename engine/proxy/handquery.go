package proxy

import (
	"cmp"
	"slices"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A HandQuery selects requests in hand. The zero HandQuery selects all, and only
// counts them.
type HandQuery struct {
	Limit   int      // how many requests to return at most, and how many websockets
	Each    int      // how many of them for each worker, and for each group those that no worker has; 0 = no such limit
	Groups  []string // only those of these groups; empty = all
	Worker  *int     // only those that a worker with this index has; nil = all
	Sockets bool     // return websockets, too
}

// Hands are requests in hand.
type Hands struct {
	Requests []InHand // the oldest ones, the oldest first
	Sockets  []InHand // open websockets, the same
	Queues   []Queue  // that are not empty, by group; none if the query has a Worker

	Total        int // how many requests there are of those that the query selects
	TotalSockets int // the same for websockets
}

// A Queue is the requests of a group that wait for a slot.
type Queue struct {
	Group  string
	Depth  int    // how many wait
	Oldest InHand // the one whose head came first
}

// InHand returns the oldest requests that have not ended, and the websockets
// that are open, as far as q selects them. Any goroutine may call it. Each loop
// waits at most for the copying of a burst of its own at a time.
func (p *Proxy) InHand(q HandQuery) Hands {
	all := handful{q: q, now: netloop.Now()}
	for i := range p.hands {
		all.begin()
		p.hands[i].requests.walk(all.request)
		all.begin()
		if q.isForAll() && !q.Sockets {
			all.TotalSockets += p.hands[i].sockets.len()
		} else {
			p.hands[i].sockets.walk(all.socket)
		}
	}
	all.Requests, all.Sockets = q.oldest(all.Requests), q.oldest(all.Sockets)
	slices.SortFunc(all.Queues, func(a, b Queue) int { return cmp.Compare(a.Group, b.Group) })
	return all.Hands
}

// isForAll reports whether the query selects everything.
func (q *HandQuery) isForAll() bool { return len(q.Groups) == 0 && q.Worker == nil }

// selects reports whether the query is about what a worker of a group has, or
// what no worker has for -1.
func (q *HandQuery) selects(group string, worker int) bool {
	return (len(q.Groups) == 0 || slices.Contains(q.Groups, group)) && (q.Worker == nil || *q.Worker == worker)
}

// oldest returns the oldest of some that several loops have, in order, as many as
// the query wants.
func (q *HandQuery) oldest(some []InHand) []InHand {
	slices.SortStableFunc(some, func(a, b InHand) int { return cmp.Compare(b.Age, a.Age) })
	if q.Each > 0 {
		shown := make(map[holder]int)
		some = slices.DeleteFunc(some, func(r InHand) bool {
			by := holder{r.Group, r.Worker, r.PID}
			shown[by]++
			return shown[by] > q.Each
		})
	}
	return some[:min(q.Limit, len(some))]
}

// A holder is who has a request: a worker, or a group if no worker does.
type holder struct {
	group       string
	worker, pid int
}

// A handful collects what a query selects, from one loop after the other.
type handful struct {
	Hands
	q     HandQuery
	now   netloop.Time
	taken int            // of the present line
	by    map[holder]int // how many of these, if q.Each is set
}

// begin begins with another line.
func (h *handful) begin() {
	h.taken = 0
	if h.q.Each > 0 {
		h.by = make(map[holder]int)
	}
}

// wants reports whether to copy one that the query selects.
func (h *handful) wants(by holder) bool {
	if h.taken >= h.q.Limit || h.q.Each > 0 && h.by[by] >= h.q.Each {
		return false
	}
	h.taken++
	if h.q.Each > 0 {
		h.by[by]++
	}
	return true
}

// request visits a request.
func (h *handful) request(r *Request) bool {
	at := r.hand.at()
	if !h.q.selects(at.by.group, at.by.worker) {
		return true
	}
	h.Total++
	if at.stage == StageQueued {
		h.queued(r, at.by.group)
	}
	if h.wants(at.by) {
		h.Requests = append(h.Requests, r.show(h.now))
	}
	return true
}

// queued counts a request that waits.
func (h *handful) queued(r *Request, group string) {
	i := slices.IndexFunc(h.Queues, func(q Queue) bool { return q.Group == group })
	if i < 0 {
		h.Queues = append(h.Queues, Queue{Group: group, Depth: 1, Oldest: r.show(h.now)})
		return
	}
	q := &h.Queues[i]
	if q.Depth++; h.now.Sub(r.rec.begun) > q.Oldest.Age { // of another loop
		q.Oldest = r.show(h.now)
	}
}

// socket visits a websocket.
func (h *handful) socket(s *socket) bool {
	by := holder{s.group, s.worker.Index, s.worker.PID}
	if h.q.selects(by.group, by.worker) {
		h.TotalSockets++
		if h.q.Sockets && h.wants(by) {
			h.Sockets = append(h.Sockets, s.show(h.now))
		}
	}
	return true
}
