package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A queue is an incident once a request has waited for queueWarn, and bad from queueBad.
const (
	queueWarn = time.Second
	queueBad  = 5 * time.Second
)

// queue returns the queue of a group, if requests wait in it for long.
func (t *track) queue(s *sight, g *api.GroupStatus, stuck int) []api.Incident {
	if g.Queued == 0 {
		t.queuedSince = time.Time{}
	} else if t.queuedSince.IsZero() {
		t.queuedSince = s.now.Add(-seconds(g.Queue.Oldest))
	}
	slots := g.Cap * g.Ready
	if slots == 0 || g.Requests < slots {
		t.busySince = time.Time{}
	} else if t.busySince.IsZero() {
		t.busySince = s.now
		if !t.queuedSince.IsZero() {
			t.busySince = t.queuedSince
		}
	}
	if g.Queued == 0 || seconds(g.Queue.Oldest) < queueWarn {
		return nil
	}
	in := api.Incident{Kind: api.IncidentQueue, Mood: api.MoodWarn, Group: g.Name, Since: t.queuedSince, Title: "queue"}
	if g.Queue.Overloaded || seconds(g.Queue.Oldest) >= queueBad {
		in.Mood = api.MoodBad
	}
	in.Cause = fmt.Sprintf("%s waiting, the oldest for %s: ", count(g.Queued, "request"), ago(seconds(g.Queue.Oldest)))
	why, advice := t.whyQueued(s, g, stuck)
	in.Cause, in.Advice = in.Cause+why, advice
	if holds := s.holds(g); holds != "" && g.Ready > 0 && !g.Held {
		in.Requests = holds
	}
	return []api.Incident{in}
}

// whyQueued says why the oldest request of a queue waits, and what to do.
func (t *track) whyQueued(s *sight, g *api.GroupStatus, stuck int) (why, advice string) {
	show := showRequests(g.Name)
	var waits api.WaitsFor
	if q := s.queues[g.Name]; q != nil && q.Oldest.WaitsFor != nil {
		waits = *q.Oldest.WaitsFor
	}
	switch {
	case g.Held:
		return "the group is held", letGo(g.Name)
	case waits.Kind == api.WaitsForReady || g.Ready == 0:
		return fmt.Sprintf("none of %s is ready", count(g.Instances, "worker")), showWhyNone(g.Name)
	case waits.Kind == api.WaitsForLimit:
		return "the shared limit " + waits.Limit + " is used up", showSharers() + "; " + show
	case waits.Kind == api.WaitsForWorker && waits.Worker != nil:
		return fmt.Sprintf("it belongs to %s.%d (sticky), which is busy", g.Name, *waits.Worker), show
	}
	if g.Cap == 0 {
		return "no slot is free", show
	}
	why = fmt.Sprintf("all %s (max_req_per_worker %d for %s) busy", count(g.Cap*g.Ready, "slot"), g.Cap, count(g.Ready, "ready worker"))
	if !t.busySince.IsZero() {
		why += " for " + ago(s.now.Sub(t.busySince))
	}
	if g.Ready < g.Instances {
		why += fmt.Sprintf(", %d of %s not ready", g.Instances-g.Ready, count(g.Instances, "worker"))
	}
	if stuck > 0 {
		why += ", " + count(stuck, "worker") + " blocked"
	}
	return why, show + "; " + addWorker(g.Name, g.Instances)
}

// holds says which requests have the slots of a group, the most frequent first.
func (s *sight) holds(g *api.GroupStatus) string {
	type kind struct {
		n    int
		held float64
	}
	all := make(map[string]*kind)
	for i := range g.Workers {
		w := &g.Workers[i]
		for _, r := range s.hand[holder{g.Name, w.Index, w.PID}] {
			name := r.Method + " " + r.Path
			k := all[name]
			if k == nil {
				k = new(kind)
				all[name] = k
			}
			k.n, k.held = k.n+1, max(k.held, r.Held)
		}
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b].n, all[a].n), cmp.Compare(all[b].held, all[a].held), cmp.Compare(a, b))
	})
	const shown = 2
	var parts []string
	for _, name := range names[:min(shown, len(names))] {
		parts = append(parts, fmt.Sprintf("%d × %s (for %s)", all[name].n, name, ago(seconds(all[name].held))))
	}
	if more := len(names) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d others", more))
	}
	return strings.Join(parts, ", ")
}
