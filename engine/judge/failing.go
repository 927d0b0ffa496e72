package judge

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/result"
)

// What is noted of requests that fail: the newest keptFailures of a group, and of those
// at most mostFailures a second, with a path of at most mostPath bytes.
const (
	keptFailures = 100
	mostFailures = 50
	mostPath     = 100
)

// A failing has the newest requests that failed in the app, by group. The zero failing has
// none.
type failing struct {
	mu sync.Mutex // guards all below; whoever does not get it at once does without
	of map[string]*failures

	from atomic.Pointer[map[string]time.Duration] // how long a request takes that is noted; replaced, never modified
}

// Failures are those of a group.
type failures struct {
	newest [keptFailures]failure
	n      int // how many there ever were
	second int64
	left   int // that may be noted in the second
}

// A failure is a request that failed.
type failure struct {
	at   time.Time
	line string // method and path
	lost bool   // its worker ended or gave no answer
}

// Observe implements result.Observer. It notes requests that a worker answered with 5xx,
// and those that take longer than before the last change of their group. It does nothing
// for others.
func (j *Judge) Observe(r *result.Result) {
	if all := j.slower.from.Load(); all != nil && r.Worker >= 0 && r.Status >= 200 && r.Status != result.StatusGone && r.Request != nil {
		if from, ok := (*all)[r.Group]; ok && r.Took >= from && !r.Unparsed() {
			j.slower.note(r, time.Now())
		}
	}
	if r.Status >= 500 && r.Worker >= 0 && r.Request != nil && !r.Unparsed() {
		j.failing.note(r, time.Now())
	}
}

// note notes a request, unless there are too many.
func (f *failing) note(r *result.Result, now time.Time) {
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	of := f.of[r.Group]
	if of == nil {
		if f.of == nil {
			f.of = make(map[string]*failures)
		}
		of = new(failures)
		f.of[r.Group] = of
	}
	if s := now.Unix(); s != of.second {
		of.second, of.left = s, mostFailures
	}
	if of.left == 0 {
		return
	}
	of.left--
	path := r.Request.RawPath
	of.newest[of.n%keptFailures] = failure{now, string(r.Request.Method) + " " + string(path[:min(len(path), mostPath)]), r.Kind == result.KindNoAnswer}
	of.n++
}

// forget drops what is noted of a group.
func (f *failing) forget(group string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, group)
}

// onlyFrom sets how many seconds a request of a group takes that is noted. NaN stands for
// no request. Only the goroutine of Run may call it.
func (f *failing) onlyFrom(group string, seconds float32) {
	all := make(map[string]time.Duration)
	if now := f.from.Load(); now != nil {
		maps.Copy(all, *now)
	}
	before, had := all[group]
	if seconds != seconds {
		if !had {
			return
		}
		delete(all, group)
	} else {
		from := time.Duration(float64(seconds) * float64(time.Second))
		if had && from == before {
			return
		}
		all[group] = from
	}
	if len(all) == 0 {
		f.from.Store(nil)
		return
	}
	f.from.Store(&all)
}

// mostly says which request did something, such as to fail, the most since a time, of all
// or of those that were lost with their worker. It returns "" if none is known.
func (f *failing) mostly(group string, since time.Time, lost bool, did string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.of[group]
	if of == nil {
		return ""
	}
	const slack = time.Second // seconds of the history are whole
	counts, all := make(map[string]int), 0
	most := ""
	for i := max(0, of.n-keptFailures); i < of.n; i++ {
		one := &of.newest[i%keptFailures]
		if one.at.Before(since.Add(-slack)) || lost && !one.lost {
			continue
		}
		all++
		if counts[one.line]++; counts[one.line] > counts[most] {
			most = one.line
		}
	}
	switch {
	case most == "":
		return ""
	case 2*counts[most] < all:
		return "such as " + most
	}
	return fmt.Sprintf("mostly %s (%d of %d that %s)", most, counts[most], all, did)
}
