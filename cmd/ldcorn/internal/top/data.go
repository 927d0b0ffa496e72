package top

import (
	"slices"

	"github.com/ldcorn/ldcorn/engine/api"
)

// How much of the past a Data has.
const (
	keptSeconds = 300
	keptEvents  = 500
)

// A Data is what a source knows about a master at a time. It never changes.
type Data struct {
	Status   *api.Status // with the oldest request of each worker
	Requests *api.Requests
	Events   []api.ControlEvent // the newest last
	Lost     uint64             // events that came too fast
	Past     Past
}

// A Past is what groups and workers did, each second. The newest values are the last.
type Past struct {
	Groups  map[string]GroupPast
	Workers map[workerKey]WorkerPast // the newest second only
}

// A GroupPast is what a group did. A value is NaN where nothing was measured.
type GroupPast struct{ Requests, Errors, P50, P95, P99, Queued, CPU, RSS api.Series }

// A workerKey names the workers of one index of a group.
type workerKey struct {
	group string
	index int
}

// A WorkerPast is what a worker did in a second.
type WorkerPast struct{ Requests, CPU float32 }

// with returns the past with newer points.
func (p Past) with(h *api.History) Past {
	if h.Points == 0 {
		return p
	}
	out := Past{Groups: make(map[string]GroupPast), Workers: make(map[workerKey]WorkerPast)}
	for i := range h.Groups {
		g := &h.Groups[i]
		old := p.Groups[g.Name]
		out.Groups[g.Name] = GroupPast{Requests: extend(old.Requests, g.Requests), Errors: extend(old.Errors, g.Class5xx),
			P50: extend(old.P50, g.P50), P95: extend(old.P95, g.P95), P99: extend(old.P99, g.P99),
			Queued: extend(old.Queued, g.Queued), CPU: extend(old.CPU, g.CPU), RSS: extend(old.RSS, g.RSS)}
		for k := range g.Workers {
			w := &g.Workers[k]
			out.Workers[workerKey{g.Name, w.Index}] = WorkerPast{Requests: last(w.Requests), CPU: last(w.CPU)}
		}
	}
	return out
}

// extend returns a new series with the newest points of two.
func extend(old, more api.Series) api.Series {
	all := slices.Concat(old, more)
	return all[max(0, len(all)-keptSeconds):]
}

// last returns the newest value of a series.
func last(s api.Series) float32 {
	if len(s) == 0 {
		return nan
	}
	return s[len(s)-1]
}

// mean returns the mean of the newest n values that are known.
func mean(s api.Series, n int) float32 {
	sum, known := float32(0), 0
	for _, v := range s[max(0, len(s)-n):] {
		if v == v {
			sum += v
			known++
		}
	}
	if known == 0 {
		return nan
	}
	return sum / float32(known)
}

// recent returns the newest of the last n values that is known.
func recent(s api.Series, n int) float32 {
	for _, v := range slices.Backward(s[max(0, len(s)-n):]) {
		if v == v {
			return v
		}
	}
	return nan
}

// sum adds series up, from their newest values. A value that is not known counts as 0
// unless all are.
func sum(all []api.Series) api.Series {
	n := 0
	for _, s := range all {
		n = max(n, len(s))
	}
	out := make(api.Series, n)
	for i := range out {
		out[i] = nan
	}
	for _, s := range all {
		for i, v := range s {
			switch at := &out[n-len(s)+i]; {
			case v != v:
			case *at != *at:
				*at = v
			default:
				*at += v
			}
		}
	}
	return out
}
