package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A crash loop is loopCrashes crashes of a group in a loopTime, or a worker that has
// failed. It is over when that is no longer so.
const (
	loopCrashes = 2
	loopTime    = time.Minute
	keptCrashes = 256
	mostWords   = 160 // characters of last words
)

// A crash is one of a worker, or a start of one that failed.
type crash struct {
	at     time.Time
	worker int
	why    string
	words  string        // the last line that the worker wrote
	next   time.Duration // until the next try; 0 if there is none
}

// crashed notes a crash.
func (t *track) crashed(e *api.ControlEvent) {
	c := crash{at: e.At, why: e.Reason, words: lastLine(e.Stderr), next: seconds(e.RestartIn)}
	if e.Worker != nil {
		c.worker = *e.Worker
	}
	t.crashes = append(t.crashes[max(0, len(t.crashes)-keptCrashes+1):], c)
}

// lastLine returns the last line that is not empty, which in a traceback names the
// error.
func lastLine(lines []string) string {
	for _, line := range slices.Backward(lines) {
		if text := strings.TrimSpace(line); text != "" {
			if runes := []rune(text); len(runes) > mostWords {
				return string(runes[:mostWords]) + "…"
			}
			return text
		}
	}
	return ""
}

// crashLoop returns the crash loop of a group, if it has one.
func (t *track) crashLoop(s *sight, g *api.GroupStatus, failing *failing) []api.Incident {
	recent := 0
	byWorker := make(map[int]int)
	for _, c := range t.crashes {
		if s.now.Sub(c.at) <= loopTime {
			recent++
			byWorker[c.worker]++
		}
	}
	failed := 0
	for i := range g.Workers {
		if g.Workers[i].State == api.StateFailed {
			failed++
		}
	}
	if len(t.crashes) == 0 || recent < loopCrashes && failed == 0 {
		return nil
	}
	last := &t.crashes[len(t.crashes)-1]
	in := api.Incident{Kind: api.IncidentCrashLoop, Mood: api.MoodBad, Group: g.Name, Since: t.loopSince(), Title: "crash loop", Words: last.words,
		Advice: showWords(g.Name)}
	in.Requests = failing.mostly(g.Name, in.Since, true, "failed")
	if len(byWorker) == 1 {
		index := last.worker
		in.Worker = &index
	}
	in.Cause = fmt.Sprintf("%s in the last minute%s, the last one %s ago: %s", crashesText(recent), ofWorkers(byWorker), ago(s.now.Sub(last.at)), last.why)
	switch {
	case failed > 0:
		in.Cause += fmt.Sprintf("; %s given up", workersAre(failed))
		in.Advice += "; " + tryAgain(g.Name)
	case g.Ready == g.Instances:
		in.Mood = api.MoodWarn // they come back
		in.Quiet = s.now.Sub(last.at) >= quietFrom
	}
	if g.Ready < g.Instances {
		in.Cause += fmt.Sprintf("; %d of %d ready", g.Ready, g.Instances)
	}
	return []api.Incident{in}
}

// loopSince returns the time of the first crash of those that came one after another.
func (t *track) loopSince() time.Time {
	since := t.crashes[len(t.crashes)-1].at
	for _, c := range slices.Backward(t.crashes) {
		if since.Sub(c.at) > loopTime {
			break
		}
		since = c.at
	}
	return since
}

func crashesText(n int) string {
	if n == 1 {
		return "1 crash"
	}
	return fmt.Sprintf("%d crashes", n)
}

func workersAre(n int) string {
	if n == 1 {
		return "1 worker is"
	}
	return fmt.Sprintf("%d workers are", n)
}

// ofWorkers says how crashes are distributed, if that is not clear.
func ofWorkers(by map[int]int) string {
	if len(by) < 2 {
		return ""
	}
	return fmt.Sprintf(" of %d workers", len(by))
}
