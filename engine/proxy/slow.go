package proxy

import (
	"cmp"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A SlowWorker is a worker with requests that have become slow.
type SlowWorker struct {
	Group       string
	Worker, PID int
	Count       int           // how many requests have
	Longest     time.Duration // for which one of them has waited for the worker
	Oldest      []SlowRequest // those that have waited longest, in this order
}

// A SlowRequest is a request that waits for a worker to begin its answer.
type SlowRequest struct {
	InHand
	Number uint64        // which SlowEnd names
	For    time.Duration // for which it has waited for nothing but the worker
}

// A SlowEnd is the end of a request that was slow.
type SlowEnd struct {
	Number           uint64
	ID, Method, Path string // see InHand
	Group            string
	Worker           int // the last one that had it; -1 = none
	PID              int // of that worker; 0 = unknown
	Status           int // see result.Result
	Reason           string
	Took             time.Duration // since the head came
	Queued, Held     time.Duration // see result.Result
}

// Slow returns the workers for which requests have waited longer than limits
// says for their group, with the oldest few of these requests. A request is in
// one result only. Slow looks only at requests that are old enough. One
// goroutine at a time may call it.
func (p *Proxy) Slow(limits map[string]time.Duration, few int) []SlowWorker {
	found := slowScan{limits: limits, few: few, now: netloop.Now(), number: &p.slowNumber, by: make(map[holder]*SlowWorker)}
	for _, limit := range limits {
		if found.least == 0 || limit < found.least {
			found.least = limit
		}
	}
	for i := range p.hands {
		p.hands[i].requests.walk(found.visit)
	}
	return found.workers()
}

// A slowScan collects slow requests.
type slowScan struct {
	limits map[string]time.Duration
	least  time.Duration // of limits
	few    int           // more than 0
	now    netloop.Time
	number *uint64
	by     map[holder]*SlowWorker
}

// visit looks at a request. It returns false once all others are too young.
func (s *slowScan) visit(r *Request) bool {
	if s.now.Sub(r.rec.begun) < s.least {
		return false
	}
	at := r.hand.at()
	limit := s.limits[at.by.group]
	if limit == 0 || at.stage != StageWorking || r.hand.slow.Load() != 0 {
		return true
	}
	since := r.waitsSince()
	if since == 0 || s.now.Sub(since) < limit {
		return true
	}
	*s.number++
	r.hand.slow.Store(*s.number)
	s.add(at.by, SlowRequest{Number: *s.number, For: s.now.Sub(since)}, r)
	return true
}

// add counts a request, and keeps it if it is among those that wait longest.
func (s *slowScan) add(by holder, one SlowRequest, r *Request) {
	w := s.by[by]
	if w == nil {
		w = &SlowWorker{Group: by.group, Worker: by.worker, PID: by.pid}
		s.by[by] = w
	}
	w.Count++
	w.Longest = max(w.Longest, one.For)
	if len(w.Oldest) == s.few {
		if w.Oldest[s.few-1].For >= one.For {
			return
		}
		w.Oldest = w.Oldest[:s.few-1]
	}
	one.InHand = r.show(s.now)
	w.Oldest = append(w.Oldest, one)
	slices.SortStableFunc(w.Oldest, func(a, b SlowRequest) int { return cmp.Compare(b.For, a.For) })
}

// workers returns what was found, by group and worker.
func (s *slowScan) workers() []SlowWorker {
	out := make([]SlowWorker, 0, len(s.by))
	for _, w := range s.by {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b SlowWorker) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.PID, b.PID))
	})
	return out
}

// waitsSince returns since when a request waits for nothing but its worker, or 0
// while it waits for its client. It is what request_timeout counts from, except
// that a part of a body that the worker does not take counts, too.
func (r *Request) waitsSince() netloop.Time {
	since := r.upload.sentAt.Load()
	if since == 0 {
		since = r.upload.fed.Load()
	}
	if since == 0 {
		return 0
	}
	return netloop.Time(max(since, r.attempt.granted.Load())) // sentAt can be of an earlier attempt
}

// slowEnd returns the end of a request that has a number.
func (r *Request) slowEnd(number uint64) SlowEnd {
	end := SlowEnd{
		Number: number, ID: string(r.id), Method: cut(r.head.Method, maxShownMethod), Path: cut(r.head.RawPath, maxShownPath),
		Group: r.rec.Group, Worker: r.rec.Worker, Status: r.rec.Status, Reason: r.rec.Reason,
		Took: netloop.Now().Sub(r.rec.begun), Queued: r.rec.Queued, Held: r.attempt.slotTime(r.t),
	}
	if w := r.hand.worker.Load(); w != nil {
		end.PID = w.PID
	}
	return end
}

// A Wait is how long a worker has owed an answer.
type Wait struct {
	Group  string
	Worker int           // index within the group
	For    time.Duration // for which the request has waited for nothing but the worker that has done so longest
}

// Waits returns for each worker how long it has not begun to answer a request, if that
// is at least a time. It looks only at requests that are old enough. Any goroutine may
// call it.
func (p *Proxy) Waits(least time.Duration) []Wait {
	now, longest := netloop.Now(), make(map[holder]time.Duration)
	for i := range p.hands {
		p.hands[i].requests.walk(func(r *Request) bool {
			if now.Sub(r.rec.begun) < least {
				return false
			}
			if at := r.hand.at(); at.stage == StageWorking {
				if since := r.waitsSince(); since != 0 {
					by := holder{group: at.by.group, worker: at.by.worker}
					longest[by] = max(longest[by], now.Sub(since))
				}
			}
			return true
		})
	}
	out := make([]Wait, 0, len(longest))
	for by, long := range longest {
		if long >= least {
			out = append(out, Wait{Group: by.group, Worker: by.worker, For: long})
		}
	}
	return out
}
