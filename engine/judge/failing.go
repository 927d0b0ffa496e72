package judge

import (
	"fmt"
	"sync"
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
// and does nothing for others.
func (j *Judge) Observe(r *result.Result) {
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

// mostly says which request fails the most since a time, of all or of those that were
// lost with their worker. It returns "" if none is known.
func (f *failing) mostly(group string, since time.Time, lost bool) string {
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
	return fmt.Sprintf("mostly %s (%d of %d that failed)", most, counts[most], all)
}
