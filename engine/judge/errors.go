package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// The requests that are looked at: those of the last recentTime. Errors are an incident
// if there are leastErrors, and their part is errorPart more than before a change, or
// errorAlone without one. A group is slower if the p95 is slowTimes and slowMore what it
// was.
const (
	recentTime  = 15 * time.Second
	leastErrors = 3
	errorPart   = 0.05
	errorAlone  = 0.2
	errorBad    = 0.5
	leastTimed  = 10 // requests, before and after
	slowTimes   = 2
	slowMore    = 0.05 // seconds
)

// errors returns what is wrong with the answers of a group: since the last change, or by
// itself.
func (t *track) errors(s *sight, failing *failing) []api.Incident {
	from := s.now.Add(-recentTime)
	c := t.change
	if c != nil && s.now.Sub(c.at) > changeAge {
		c = nil
	}
	if c != nil && c.at.After(from) {
		from = c.at
	}
	var recent []second
	for _, one := range t.seconds {
		if one.end.Add(-time.Second).After(from) {
			recent = append(recent, one)
		}
	}
	now := sum(recent)
	if c != nil && c.before.requests > 0 {
		if in := t.badDeploy(c, now); in != nil {
			in.Requests = failing.mostly(t.name, c.at, false)
			return []api.Incident{*in}
		}
	}
	if now.errors < leastErrors || now.errors < errorAlone*now.requests {
		t.failingSince = time.Time{}
		return nil
	}
	if t.failingSince.IsZero() {
		first := slices.IndexFunc(recent, func(s second) bool { return s.errors > 0 })
		t.failingSince = recent[first].end.Add(-time.Second)
	}
	in := api.Incident{Kind: api.IncidentErrors, Mood: api.MoodWarn, Group: t.name, Since: t.failingSince, Title: "errors",
		Cause:    fmt.Sprintf("%s of the last %.0f requests got 5xx or no whole answer", percent(now.errors, now.requests), now.requests),
		Requests: failing.mostly(t.name, t.failingSince, false), Advice: showTracebacks(t.name)}
	if now.errors >= errorBad*now.requests {
		in.Mood = api.MoodBad
	}
	if index, ok := culprit(recent, now); ok && len(t.seats) > 1 {
		in.Worker = &index
		in.Cause += ", all of this worker"
		in.Advice += "; " + showWorker(t.name, index)
	}
	return []api.Incident{in}
}

// badDeploy compares what a group does now with what it did before a change.
func (t *track) badDeploy(c *change, now traffic) *api.Incident {
	b := &c.before
	worse := now.errors >= leastErrors && now.errors/now.requests >= b.errors/b.requests+errorPart
	slower := now.requests >= leastTimed && b.requests >= leastTimed && now.p95 >= slowTimes*b.p95 && now.p95 >= b.p95+slowMore
	if !worse && !slower {
		return nil
	}
	in := &api.Incident{Kind: api.IncidentBadDeploy, Mood: api.MoodWarn, Group: t.name, Since: c.at, Title: "bad deploy",
		Cause: fmt.Sprintf("5xx %s (before %s), p95 %s (before %s), of %.0f requests",
			percent(now.errors, now.requests), percent(b.errors, b.requests), latency(now.p95), latency(b.p95), now.requests),
		Advice: "put the code and the configuration of before back and reload; " + showTracebacks(t.name)}
	if worse {
		in.Mood = api.MoodBad
	}
	return in
}

// culprit returns the worker that has nearly all errors although others have requests.
func culprit(recent []second, all traffic) (index int, ok bool) {
	by := make(map[int]float32)
	for _, s := range recent {
		for worker, n := range s.byWorker {
			by[worker] += n
		}
	}
	const nearly = 0.95
	for worker, n := range by {
		if n >= nearly*all.errors && all.errors < all.requests {
			return worker, true
		}
	}
	return 0, false
}
