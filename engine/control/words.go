package control

import (
	"fmt"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Age formats a duration for people, in its two largest units.
func Age(d time.Duration) string {
	d = max(d, 0)
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}

// Note says what is unusual about a group. It returns "" if nothing is.
func Note(g *api.GroupStatus, now time.Time) string {
	var notes []string
	switch {
	case g.Removed:
		return "removed, draining"
	case g.Failed:
		notes = append(notes, "failed; ldcorn restart "+g.Name+" tries again")
	case g.Held && g.HeldSince.IsZero(): // the master is of a version that does not say since when
		notes = append(notes, "held")
	case g.Held:
		notes = append(notes, "held for "+Age(now.Sub(g.HeldSince)))
	}
	if g.Queue.Overloaded {
		notes = append(notes, "overloaded: the newest request goes first")
	}
	if len(g.Pinned) > 0 {
		notes = append(notes, "pinned: "+strings.Join(g.Pinned, ", ")+" changed")
	}
	return strings.Join(notes, "; ")
}

// Progress says how far a running reload or scaling is, as in "reloading for 5s:
// waiting for heavy".
func Progress(r *api.Running, now time.Time) string {
	text := "reloading"
	if r.What == api.RunningScale {
		text = "scaling " + r.Group
	}
	text += " for " + Age(now.Sub(r.Since))
	if len(r.Waits) > 0 {
		text += ": waiting for " + strings.Join(r.Waits, ", ")
	}
	if r.Reason != "" {
		text += " (" + r.Reason + ")"
	}
	return text
}

// State returns the state of a worker. It marks a new worker, since its index can
// have another one.
func State(k *api.WorkerStatus) string {
	if k.New {
		return string(k.State) + " (new)"
	}
	return string(k.State)
}
