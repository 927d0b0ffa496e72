package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/history"
)

// A group is silent if it has had silentHand requests for silentTimes what its requests
// usually take, and at least for silentLeast, and has answered none meanwhile. So a group
// of long polls is not, and what an answer has begun for does not count: streams and
// websockets.
const (
	silentHand  = 3
	silentTimes = 4
	silentLeast = 5 * time.Second
	fewMinutes  = 5 // below which seconds tell more
)

// silent returns that a group answers nothing, if no worker of it is blocked.
func (t *track) silent(s *sight, g *api.GroupStatus, past Past, stuck int) []api.Incident {
	if t.answered.IsZero() {
		t.answered = s.now
	}
	var all []*api.Request
	var oldest time.Duration
	others := 0
	for i := range g.Workers {
		has := s.hand[holder{g.Name, g.Workers[i].Index, g.Workers[i].PID}]
		for _, r := range working(has) {
			all, oldest = append(all, r), max(oldest, seconds(r.Held))
		}
		others += len(has) - len(working(has))
	}
	lasts := min(oldest, s.now.Sub(t.answered))
	if stuck > 0 || g.Held || len(all) < silentHand || lasts < silentLeast {
		t.usual = 0
		return nil
	}
	if t.usual == 0 {
		t.usual = usually(s, g.Name, past)
	}
	if t.usual < 0 || lasts < silentTimes*t.usual {
		return nil
	}
	return []api.Incident{{Kind: api.IncidentSilent, Mood: api.MoodBad, Group: g.Name, Since: s.now.Add(-lasts), Title: "no answers",
		Cause:    fmt.Sprintf("%d in hand, the oldest %s, which usually take %s", max(g.Requests-others, len(all)), ago(oldest), latency(float32(t.usual.Seconds()))),
		Requests: mostOf(all), Advice: showRequests(g.Name) + "; look for what they all wait for, such as a pool of threads or of connections; " + replaceWorkers(g.Name)}}
}

// usually returns the time that nearly all requests of a group take in most minutes of the
// last day, or -1 if that is not known.
func usually(s *sight, group string, past Past) time.Duration {
	for _, q := range []history.Query{{Step: time.Minute}, {Step: time.Second}} {
		q.Groups = []string{group}
		h, err := past.Answer(s.ctx, q)
		if err != nil || len(h.Groups) != 1 {
			continue
		}
		times := slices.DeleteFunc(slices.Clone(h.Groups[0].P95), func(v float32) bool { return v != v })
		if q.Step == time.Minute && len(times) < fewMinutes || len(times) == 0 {
			continue
		}
		slices.Sort(times)
		return max(seconds(float64(times[len(times)*9/10])), time.Millisecond)
	}
	return -1
}

// mostOf says which request is the most frequent.
func mostOf(all []*api.Request) string {
	counts := make(map[string]int)
	for _, r := range all {
		counts[r.Method+" "+r.Path]++
	}
	most := slices.MaxFunc(slices.Sorted(maps.Keys(counts)), func(a, b string) int { return cmp.Compare(counts[a], counts[b]) })
	return fmt.Sprintf("mostly %s (%d of the %d oldest)", most, counts[most], len(all))
}

// answersOf returns how many requests of a second got an answer of a worker.
func answersOf(g *api.GroupHistory, i int) float32 {
	if len(g.Requests) <= i || len(g.Refused) <= i || len(g.Failed) <= i || len(g.Gone) <= i {
		return 0
	}
	return g.Requests[i] - g.Refused[i] - g.Failed[i] - g.Gone[i]
}
