package proxy

import (
	"log/slog"
	"sync"

	"github.com/ldcorn/ldcorn/engine/head"
)

// maxDroppedNames limits how many names are logged, since clients choose them.
const maxDroppedNames = 100

// droppedNames are the names of headers that were not forwarded because of their
// names. Each is logged once.
type droppedNames struct {
	log *slog.Logger

	mu   sync.Mutex // guards told
	told map[string]bool
}

// NoteDropped logs the names of fields that were dropped because of their names, each
// once. Any goroutine may call it.
func (p *Proxy) NoteDropped(fields []head.Field) { p.dropped.note(fields) }

// note logs the names among the fields that are new.
func (d *droppedNames) note(fields []head.Field) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range fields {
		if f := &fields[i]; f.Drop && head.IsOddName(f.Name) {
			d.tell(f.Name)
		}
	}
}

// tell logs a name that has not been logged. After the last one that it may log,
// it says that it logs no more.
func (d *droppedNames) tell(name []byte) {
	var buf [256]byte
	lower := buf[:0]
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower = append(lower, c)
	}
	if len(d.told) > maxDroppedNames || d.told[string(lower)] {
		return
	}
	if d.told == nil {
		d.told = map[string]bool{}
	}
	d.told[string(lower)] = true
	if len(d.told) > maxDroppedNames {
		d.log.Warn("dropped headers with too many names; others are not logged", slog.Int("names", maxDroppedNames))
		return
	}
	d.log.Warn("dropped a header because of its name; see underscores_in_headers", slog.String("name", string(name)))
}
