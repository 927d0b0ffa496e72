package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A window is a time in which the memory of a worker can be seen to grow.
type window struct {
	points int
	step   time.Duration
	part   float32 // of what it was at first, by which it must have grown at least
}

// The windows, of seconds and of longStep. They are read-only.
var (
	shortWindows = []window{{8, time.Second, 0.2}, {30, time.Second, 0.15}, {60, time.Second, 0.1}}
	longWindows  = []window{{30, longStep, 0.1}, {90, longStep, 0.1}}
)

const (
	leastGrowth   = 16 << 20        // bytes, in a window
	leastMeasured = 5               // different values, in a window
	warmUp        = 5 * time.Second // after a start, in which growth means nothing
	wornTime      = 5 * time.Minute // in which wornOften workers reached max_rss, if they leak
	wornOften     = 2
)

// A growth is how the memory of a worker has grown.
type growth struct {
	from, to float32 // bytes
	over     time.Duration
}

// perSecond returns bytes per second.
func (g growth) perSecond() float32 { return (g.to - g.from) / float32(g.over.Seconds()) }

// grows returns how a worker has grown, in the shortest window in which it grows
// steadily.
func (s *seat) grows(now time.Time) (growth, bool) {
	if s.ready.IsZero() {
		return growth{}, false
	}
	for _, of := range []struct {
		series  []float32
		windows []window
	}{{s.rss, shortWindows}, {s.long, longWindows}} {
		for _, w := range of.windows {
			over := time.Duration(w.points) * w.step
			if len(of.series) < w.points || now.Add(-over).Before(s.ready.Add(warmUp)) {
				continue
			}
			if last := of.series[len(of.series)-w.points:]; isSteady(last, w.part) {
				return growth{last[0], last[len(last)-1], over - w.step}, true
			}
		}
	}
	return growth{}, false
}

// isSteady reports whether a series grows in each of its quarters, and not in one jump.
// With many processes, not each second has a measurement of its own.
func isSteady(s []float32, part float32) bool {
	if s = slices.Compact(slices.Clone(s)); len(s) < leastMeasured {
		return false
	}
	first, all := s[0], s[len(s)-1]-s[0]
	if !(all >= leastGrowth && all >= part*first) { // or one is not known
		return false
	}
	for i := range 4 {
		a, b := s[i*(len(s)-1)/4], s[(i+1)*(len(s)-1)/4]
		if !(b-a >= all/20) {
			return false
		}
	}
	return true
}

// leak returns the workers of a group whose memory grows and grows, as one incident.
func (t *track) leak(s *sight, g *api.GroupStatus) []api.Incident {
	limit := int64(0)
	if p := s.plan.Group(g.Name); p != nil {
		limit = p.MaxRSS
	}
	var worst growth
	index, n := -1, 0
	for i := range g.Workers {
		seat := t.seats[g.Workers[i].Index]
		if seat == nil || seat.pid != g.Workers[i].PID {
			continue
		}
		if how, ok := seat.grows(s.now); ok {
			if n++; how.perSecond() > worst.perSecond() || index < 0 {
				worst, index = how, g.Workers[i].Index
			}
		}
	}
	worn := 0
	for _, at := range t.worn {
		if s.now.Sub(at) <= wornTime {
			worn++
		}
	}
	if n == 0 && worn < wornOften {
		return nil
	}
	in := api.Incident{Kind: api.IncidentLeak, Mood: api.MoodWarn, Group: g.Name, Title: "memory grows", Advice: showMemory()}
	var parts []string
	if n > 0 {
		in.Since = s.now.Add(-worst.over)
		parts = append(parts, t.growthText(index, n, worst, limit))
		if n == 1 {
			in.Worker, in.PID = &index, t.seats[index].pid
		}
	}
	if worn >= wornOften {
		if first := t.worn[len(t.worn)-worn]; in.Since.IsZero() || first.Before(in.Since) {
			in.Since = first
		}
		parts = append(parts, fmt.Sprintf("%s reached max_rss in the last %s", count(worn, "worker"), "5m"))
	}
	in.Cause = strings.Join(parts, "; ")
	if limit == 0 {
		in.Advice += "; max_rss replaces a worker before the machine runs out of memory"
	} else {
		in.Advice += "; max_rss replaces the worker, which hides the leak and does not mend it"
	}
	return []api.Incident{in}
}

// growthText says how the worker grows that does so the most, of n.
func (t *track) growthText(index, n int, how growth, limit int64) string {
	text := fmt.Sprintf("%s a minute (from %s to %s in %s)", size(how.perSecond()*60), size(how.from), size(how.to), ago(how.over+time.Second/2))
	if n > 1 {
		text = fmt.Sprintf("%d workers grow, %s.%d the fastest: ", n, t.name, index) + text
	}
	if s := t.seats[index]; s != nil {
		served := float32(0)
		for _, v := range s.served {
			served += max(v, 0)
		}
		if rss := s.rss; served >= 10 && len(rss) > 0 && rss[len(rss)-1] > rss[0] {
			text += fmt.Sprintf(", %.0f KiB a request", (rss[len(rss)-1]-rss[0])/served/1024)
		}
	}
	if limit > 0 && how.perSecond() > 0 {
		left := time.Duration((float64(limit)-float64(how.to))/float64(how.perSecond())) * time.Second
		text += fmt.Sprintf(", reaches max_rss (%s) in %s", size(float32(limit)), ago(left))
	} else {
		text += ", and no max_rss bounds it"
	}
	return text
}

// isMaxRSS reports whether a worker was recycled for this reason because of max_rss.
func isMaxRSS(reason string) bool { return strings.HasSuffix(reason, "(max_rss)") }
