package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

const (
	wornTime   = 5 * time.Minute // in which wornOften workers reached max_rss, if they leak
	wornOften  = 2
	leakLasts  = 15 * time.Second // after the growth was last seen
	stoppedFor = 10 * time.Second // without a new highest value, or a quarter of the window if that is more
)

// A leaking is an incident of memory that grows. It keeps its subject and its beginning.
type leaking struct {
	since time.Time
	index int // of the worker that it is about; -1 if it is about the group
	pid   int
	seen  time.Time // when the growth was last seen
	last  growth    // then, of the worker at
	at    int
	atPID int
}

// leak returns the workers of a group whose memory grows and grows, as one incident.
func (t *track) leak(s *sight, g *api.GroupStatus) []api.Incident {
	growing, worn := t.growing(s, g), t.wornSince(s.now)
	if l := t.leaking; l != nil && l.index >= 0 && (t.seats[l.index] == nil || t.seats[l.index].pid != l.pid) {
		t.leaking = nil // the process has ended
	}
	if t.leaking == nil {
		t.leaking = t.newLeaking(growing, worn)
	}
	l := t.leaking
	switch {
	case l == nil:
		return nil
	case len(growing) > 0:
		l.seen, l.at = s.now, l.index
		if _, ok := growing[l.at]; !ok {
			l.at = fastest(growing)
		}
		l.last, l.atPID = growing[l.at], t.seats[l.at].pid
	case len(worn) < wornOften && (s.now.Sub(l.seen) >= leakLasts || !t.isThere(l)):
		t.leaking = nil
		return nil
	}
	return []api.Incident{t.leakIncident(s, g, growing, worn)}
}

// isThere reports whether the process is there whose growth was last seen.
func (t *track) isThere(l *leaking) bool {
	seat := t.seats[l.at]
	return seat != nil && seat.pid == l.atPID
}

// growing returns how the workers grow that do, by index.
func (t *track) growing(s *sight, g *api.GroupStatus) map[int]growth {
	out := make(map[int]growth)
	for i := range g.Workers {
		seat := t.seats[g.Workers[i].Index]
		if seat == nil || seat.pid != g.Workers[i].PID {
			continue
		}
		if how, ok := seat.grows(s.now); ok {
			out[g.Workers[i].Index] = how
		}
	}
	return out
}

// wornSince returns when workers reached max_rss lately.
func (t *track) wornSince(now time.Time) []time.Time {
	first := slices.IndexFunc(t.worn, func(at time.Time) bool { return now.Sub(at) <= wornTime })
	if first < 0 {
		return nil
	}
	return t.worn[first:]
}

// fastest returns the worker that grows the fastest.
func fastest(growing map[int]growth) int {
	best := -1
	for index, how := range growing {
		if v := how.perSecond(); best < 0 || v > growing[best].perSecond() || v == growing[best].perSecond() && index < best {
			best = index
		}
	}
	return best
}

// newLeaking begins an incident, if there is one.
func (t *track) newLeaking(growing map[int]growth, worn []time.Time) *leaking {
	l := &leaking{index: -1, at: -1}
	for index, how := range growing {
		if l.since.IsZero() || how.begun.Before(l.since) {
			l.since = how.begun
		}
		l.index, l.pid = index, t.seats[index].pid
	}
	if len(worn) >= wornOften {
		if l.since.IsZero() || worn[0].Before(l.since) {
			l.since = worn[0]
		}
	}
	if l.since.IsZero() {
		return nil
	}
	if len(growing) > 1 || len(worn) >= wornOften {
		l.index, l.pid = -1, 0
	}
	return l
}

// leakIncident describes memory that grows, or has grown.
func (t *track) leakIncident(s *sight, g *api.GroupStatus, growing map[int]growth, worn []time.Time) api.Incident {
	l, limit := t.leaking, int64(0)
	if p := s.plan.Group(g.Name); p != nil {
		limit = p.MaxRSS
	}
	in := api.Incident{Kind: api.IncidentLeak, Mood: api.MoodWarn, Group: g.Name, Since: l.since, Title: "memory grows", Advice: showMemory()}
	if l.index >= 0 {
		index := l.index
		in.Worker, in.PID = &index, l.pid
	}
	var parts []string
	if t.isThere(l) && (len(growing) > 0 || len(worn) < wornOften) {
		stopped := s.now.Sub(t.seats[l.at].highAt)
		goesOn := len(growing) > 0 && stopped < max(stoppedFor, l.last.over/4)
		in.Quiet = !goesOn
		parts = append(parts, t.growthText(len(growing), limit, stopped, goesOn))
	}
	if len(worn) >= wornOften {
		parts = append(parts, fmt.Sprintf("%s reached max_rss in the last %s", count(len(worn), "worker"), "5m"))
	}
	in.Cause = strings.Join(parts, "; ")
	if limit == 0 {
		in.Advice += "; max_rss replaces a worker before the machine runs out of memory"
	} else {
		in.Advice += "; max_rss replaces the worker, which hides the leak and does not mend it"
	}
	return in
}

// growthText says how the worker grows, or has grown, that the incident is about, or the
// fastest one. N workers grow.
func (t *track) growthText(n int, limit int64, stopped time.Duration, goesOn bool) string {
	l, how := t.leaking, t.leaking.last
	text := fmt.Sprintf("%s a minute (from %s to %s in %s)", size(how.perSecond()*60), size(how.from), size(how.to), ago(how.over+time.Second/2))
	switch {
	case l.at == l.index && n > 1:
		text += ", and so does the memory of " + count(n-1, "other worker")
	case l.at == l.index:
	case n > 1:
		text = fmt.Sprintf("%d workers grow, %s.%d the fastest: ", n, t.name, l.at) + text
	default:
		text = fmt.Sprintf("%s.%d: ", t.name, l.at) + text
	}
	seat := t.seats[l.at]
	if served, grown := seat.servedWhileGrowing(); served >= 10 && grown > 0 {
		text += fmt.Sprintf(", %.0f KiB a request", grown/served/1024)
	}
	switch {
	case !goesOn:
		text += ", has stopped growing " + ago(stopped) + " ago"
	case limit > 0:
		left := time.Duration((float64(limit)-float64(how.to))/float64(how.perSecond())) * time.Second
		text += fmt.Sprintf(", reaches max_rss (%s) in %s", size(float32(limit)), ago(left))
	default:
		text += ", and no max_rss bounds it"
	}
	return text
}

// isMaxRSS reports whether a worker was recycled for this reason because of max_rss.
func isMaxRSS(reason string) bool { return strings.HasSuffix(reason, "(max_rss)") }
