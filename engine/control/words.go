package control

import (
	"fmt"
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
