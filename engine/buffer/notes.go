package buffer

import (
	"log/slog"
	"time"
)

// A Reason says why a Space has not taken bytes.
type Reason string

// The reasons.
const (
	RefusedMemory  Reason = "memory"       // the memory is used up, and there is no file for what is to stay in memory
	RefusedDisk    Reason = "disk"         // the files have as many bytes as they may
	RefusedFiles   Reason = "files"        // there are as many files as there may be
	RefusedShare   Reason = "client_share" // the client has its share
	RefusedStalled Reason = "stalled_disk" // the disk makes no progress
	RefusedFailed  Reason = "failed_disk"  // the disk is full, or fails
	RefusedNoDisk  Reason = "no_disk"      // there is no disk to use
)

// Reasons lists all reasons, in the order above. It is read-only.
var Reasons = []Reason{RefusedMemory, RefusedDisk, RefusedFiles, RefusedShare, RefusedStalled, RefusedFailed, RefusedNoDisk}

// lostBytes is not a refusal: what was taken cannot be read again.
const lostBytes Reason = "lost"

// texts are what the log says, once.
var texts = map[Reason]string{
	RefusedMemory:  "the memory for bodies that wait is used up",
	RefusedDisk:    "the files for bodies that wait have reached buffer_limit",
	RefusedFiles:   "there are too many files for bodies that wait",
	RefusedShare:   "one client uses its quarter of buffer_memory or buffer_limit",
	RefusedStalled: "the disk of buffer_dir makes no progress",
	RefusedFailed:  "cannot keep a body in buffer_dir",
	lostBytes:      "cannot read a body from buffer_dir",
}

// notes count refusals, and log the first one of each kind, and the first one after
// it has recovered. The lock of the Space guards them.
type notes struct {
	log   *slog.Logger
	count map[Reason]uint64
	said  map[Reason]bool
	when  map[Reason]time.Time // it was said last
}

func newNotes(log *slog.Logger) notes {
	return notes{log: log, count: make(map[Reason]uint64), said: make(map[Reason]bool), when: make(map[Reason]time.Time)}
}

// sayPause is the least time between two lines of a kind.
const sayPause = time.Minute

func (n *notes) refused(r Reason, o owner, err error) {
	n.count[r]++
	text := texts[r]
	if n.said[r] || text == "" || time.Since(n.when[r]) < sayPause {
		return
	}
	n.said[r], n.when[r] = true, time.Now()
	effect := "bodies are relayed as they are taken"
	if r == lostBytes {
		effect = "its request fails"
	}
	attrs := []any{slog.String("effect", effect)}
	if r == RefusedShare {
		attrs = []any{slog.String("effect", "its requests get no slot until it takes more of its answers, and its uploads wait for room"), slog.String("client", o.String())}
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	n.log.Warn(text, attrs...)
}

// recovered says that a kind of refusal is over.
func (n *notes) recovered(r Reason) { n.said[r] = false }
