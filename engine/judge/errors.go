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

// A change is not the reason of what begins goodTime after it, if there was so much good
// traffic in between that goodEnough of it would have been bad with that reason.
const (
	goodTime   = 10 * time.Second
	goodEnough = 5
)

// A trouble is what is wrong with the answers of a group, while it lasts.
type trouble struct {
	since  time.Time
	deploy *change   // that is the reason; nil for none
	change string    // what had changed before
	last   time.Time // when it was last seen
}

// A verdict is how the answers of a group are now, compared with those before a change.
type verdict struct {
	recent             []second
	now                traffic
	base               *change // nil if nothing is known to compare with
	worse, alone, slow bool
}

// errors returns what is wrong with the answers of a group: since the last change, or by
// itself.
func (t *track) errors(s *sight, failing, slower *failing) []api.Incident {
	v := t.verdict(s)
	slower.onlyFrom(t.name, v.base.slowFrom())
	if !v.worse && !v.alone && !v.slow {
		if t.trouble != nil && (v.now.requests >= leastTimed || s.now.Sub(t.trouble.last) >= recentTime) {
			t.trouble = nil // and a reload with hardly a request since does not end it
		}
		return nil
	}
	if t.trouble == nil {
		t.trouble = t.decide(&v)
	}
	if t.trouble == nil {
		return nil
	}
	t.trouble.last = s.now
	var in api.Incident
	if c := t.trouble.deploy; c != nil {
		in = t.badDeploy(c, &v)
	} else if v.worse || v.alone {
		in = t.failing(&v)
	} else {
		return nil
	}
	if in.Requests = failing.mostly(t.name, t.trouble.since, false, "failed"); !v.worse && !v.alone {
		in.Requests = slower.mostly(t.name, t.trouble.since, false, "took longer")
	}
	in.Group, in.Since, in.Change = t.name, t.trouble.since, t.trouble.change
	last := slices.IndexFunc(t.seconds, func(one second) bool { return s.now.Sub(one.end) < quietFrom && v.isBad(&one) })
	if in.Quiet = last < 0; in.Quiet {
		in.Mood = api.MoodWarn
	}
	return []api.Incident{in}
}

// verdict judges the newest answers.
func (t *track) verdict(s *sight) (v verdict) {
	from := s.now.Add(-recentTime)
	if c := t.change; c != nil && s.now.Sub(c.at) <= changeAge {
		if c.at.After(from) {
			from = c.at
		}
		if c.before.requests > 0 {
			v.base = c
		}
	}
	for _, one := range t.seconds {
		if one.end.Add(-time.Second).After(from) {
			v.recent = append(v.recent, one)
		}
	}
	v.now = sum(v.recent)
	now := &v.now
	v.alone = now.errors >= leastErrors && now.errors >= errorAlone*now.requests
	if v.base == nil {
		return v
	}
	b := &v.base.before
	v.worse = now.errors >= leastErrors && now.part() >= b.part()+errorPart
	isTimed := now.requests >= leastTimed && b.requests >= leastTimed
	v.slow = isTimed && now.p95 >= v.base.slowFrom() && !isMended(b, now)
	return v
}

// isMended reports whether there are clearly fewer errors than there were: then answers
// may well take longer, because they are answers.
func isMended(before, now *traffic) bool {
	const some = 0.01
	was, is := before.part(), now.part()
	return before.errors >= leastErrors && was >= some && (is <= was-errorPart || is <= was/2)
}

// part returns the part of requests that failed.
func (t *traffic) part() float32 {
	if t.requests == 0 {
		return 0
	}
	return t.errors / t.requests
}

// slowFrom returns from how many seconds on a request is slower than before a change, or
// NaN.
func (c *change) slowFrom() float32 {
	if c == nil {
		return nan
	}
	return max(slowTimes*c.before.p95, c.before.p95+slowMore)
}

// isBad reports whether a second is one of those that are wrong.
func (v *verdict) isBad(one *second) bool {
	part := float32(0)
	if v.base != nil {
		part = v.base.before.part()
	}
	if v.worse || v.alone {
		return one.errors > 0 && one.errors >= (min(part, 1-errorPart)+errorPart)*one.requests
	}
	return one.requests > 0 && one.p95 >= v.base.slowFrom()
}

// decide finds out since when answers are wrong, and whether the last change is the
// reason. It returns nil if they are only slower, and no change is the reason.
func (t *track) decide(v *verdict) *trouble {
	out := &trouble{since: t.firstBad(v)}
	if c := v.base; c != nil && (v.worse || v.slow) {
		good := c.requests
		for _, one := range t.seconds {
			if one.end.After(out.since) && one.end.Add(-time.Second).After(c.at) {
				good -= one.requests
			}
		}
		part := float32(1)
		if v.worse {
			part = v.now.part() - c.before.part()
		}
		switch {
		case out.since.Before(c.at) || good < 1:
			out.since, out.deploy = c.at, c // bad ever since, as far as is known
		case out.since.Sub(c.at) < goodTime || good*part < goodEnough:
			out.deploy = c
		}
	}
	kind := api.IncidentBadDeploy
	if out.deploy == nil {
		if !v.worse && !v.alone {
			return nil
		}
		kind = api.IncidentErrors
	}
	out.change = t.changeBefore(kind, out.since)
	return out
}

// firstBad returns when the first of the bad seconds began: they can have pauses, but
// none of recentTime.
func (t *track) firstBad(v *verdict) time.Time {
	var first time.Time
	for i := len(t.seconds) - 1; i >= 0; i-- {
		one := &t.seconds[i]
		if !first.IsZero() && first.Sub(one.end) > recentTime {
			break
		}
		if v.isBad(one) && (v.base == nil || one.end.After(v.base.at)) {
			first = one.end.Add(-time.Second)
		}
	}
	if first.IsZero() { // each second is hardly bad, but all together are
		first = v.recent[0].end.Add(-time.Second)
	}
	return first
}

// failing describes errors for which no change is the reason.
func (t *track) failing(v *verdict) api.Incident {
	now := &v.now
	in := api.Incident{Kind: api.IncidentErrors, Mood: api.MoodWarn, Title: "errors",
		Cause:  fmt.Sprintf("%s of the last %.0f requests got 5xx or no whole answer", percent(now.errors, now.requests), now.requests),
		Advice: showTracebacks(t.name)}
	if now.errors >= errorBad*now.requests {
		in.Mood = api.MoodBad
	}
	if index, ok := culprit(v.recent, *now); ok && len(t.seats) > 1 {
		in.Worker = &index
		in.Cause += ", all of this worker"
		in.Advice += "; " + showWorker(t.name, index)
	}
	return in
}

// badDeploy compares what a group does now with what it did before a change.
func (t *track) badDeploy(c *change, v *verdict) api.Incident {
	b, now := &c.before, &v.now
	in := api.Incident{Kind: api.IncidentBadDeploy, Mood: api.MoodWarn, Title: "bad deploy",
		Cause: fmt.Sprintf("5xx %s (before %s), p95 %s (before %s), of %.0f requests",
			percent(now.errors, now.requests), percent(b.errors, b.requests), latency(now.p95), latency(b.p95), now.requests),
		Advice: "put the code and the configuration of before back and reload; " + showTracebacks(t.name)}
	if v.worse || v.alone {
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
