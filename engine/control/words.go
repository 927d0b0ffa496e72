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

// Waiting says what waits in the buffers, and why it is not more. It returns "" if
// nothing has ever waited.
func Waiting(b *api.Buffers) string {
	refused := uint64(0)
	for _, n := range b.Refused {
		refused += n
	}
	if b.Memory == 0 && b.Files == 0 && b.Spills == 0 && refused == 0 && b.NoDisk == "" {
		return ""
	}
	text := fmt.Sprintf("buffers: %s of %s in memory", size(b.Memory), size(b.MemoryLimit))
	if b.Dir != "" && b.NoDisk == "" {
		text += fmt.Sprintf(", %s of %s in %d files of %s", size(b.Disk), size(b.DiskLimit), b.Files, b.Dir)
	}
	if refused > 0 {
		text += fmt.Sprintf(", no room %d times", refused)
	}
	if b.NoDisk != "" {
		text += "; no files: " + b.NoDisk
	}
	return text
}

// size formats a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
