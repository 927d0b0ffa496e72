package control

import (
	"fmt"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Age writes a duration for people, with its two largest units.
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

// Note says what is out of the ordinary with a group; "" is nothing.
func Note(g *api.GroupStatus, now time.Time) string {
	switch {
	case g.Removed:
		return "removed, drains"
	case g.Failed:
		return "failed"
	case g.Held && g.HeldSince.IsZero(): // by a master that does not tell
		return "held"
	case g.Held:
		return "held for " + Age(now.Sub(g.HeldSince))
	}
	return ""
}

// Progress says what a reload or a scaling that runs is at, as in "reloading for
// 5s: waiting for heavy".
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

// State is the state of a worker, with a mark if it is a new one beside that of its
// index.
func State(k *api.WorkerStatus) string {
	if k.New {
		return string(k.State) + " (new)"
	}
	return string(k.State)
}
