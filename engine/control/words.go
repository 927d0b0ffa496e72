package control

import (
	"fmt"
	"maps"
	"slices"
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
		note := "held"
		if d := now.Sub(g.HeldSince); d >= time.Second {
			note += " for " + Age(d)
		}
		notes = append(notes, note)
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

// Stopping says how far the stop of a master is.
func Stopping(s *api.Stopping, now time.Time) string {
	text := "stopping for " + Age(now.Sub(s.Since))
	if s.Until.After(now) {
		return text + ": serves for " + Age(s.Until.Sub(now)) + " more, so that clients leave (shutdown_delay)"
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

// Waiting says what waits in the buffers, and why it is not more. It returns "" if
// nothing has ever waited.
func Waiting(b *api.Buffers) string {
	refused := uint64(0)
	for _, n := range b.Refused {
		refused += n
	}
	if b.Memory == 0 && b.Files == 0 && b.Spills == 0 && b.HeldBack == 0 && refused == 0 && b.NoDisk == "" {
		return ""
	}
	text := fmt.Sprintf("buffers: %s of %s in memory", size(b.Memory), size(b.MemoryLimit))
	if b.Dir != "" && b.NoDisk == "" {
		text += fmt.Sprintf(", %s of %s in %s of %s", size(b.Disk), size(b.DiskLimit), count(b.Files, "file"), b.Dir)
	}
	if b.HeldBack > 0 {
		text += ", " + count(b.HeldBack, "request") + " held back"
	}
	if refused > 0 {
		text += fmt.Sprintf(", no room for a body %s: %s", count(int(refused), "time"), strings.Join(why(b.Refused), ", "))
	}
	if b.NoDisk != "" {
		text += "; no files: " + b.NoDisk
	}
	return text
}

// why lists the reasons for which there was no room, in order.
func why(refused map[string]uint64) []string {
	var out []string
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		if n := refused[reason]; n > 0 {
			out = append(out, fmt.Sprintf("%s %d", reason, n))
		}
	}
	return out
}

// count formats a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// size formats a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<30 || n > 0 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20 || n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
