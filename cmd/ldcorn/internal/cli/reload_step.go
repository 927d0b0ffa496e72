package cli

import (
	"fmt"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/control"
)

// stepText says what a step of a reload does to its group. It returns "" for a
// step that is not shown.
func stepText(e control.ReloadEvent) string {
	switch e.Event {
	case control.EventStarted:
		return "starting " + terminal.Count(e.Workers, "worker")
	case control.EventReady:
		return fmt.Sprintf("%d of %d ready", e.Ready, e.Workers)
	case control.EventReplaced:
		text := fmt.Sprintf("%d of %d replaced", e.Ready, e.Workers)
		if e.Requests+e.Websockets > 0 {
			text += ", the old worker finishes " + inHand(e)
		}
		return text
	case control.EventRestored:
		return fmt.Sprintf("%d of %d replaced back", e.Ready, e.Workers)
	case control.EventSwapped:
		return "swapped"
	case control.EventDraining:
		old := terminal.Count(e.Workers, "old worker")
		if e.Requests+e.Websockets == 0 {
			return "stopping " + old
		}
		return "draining " + inHand(e) + " on " + old
	case control.EventDone:
		return "done"
	}
	return ""
}

// inHand says what the old workers have left to do.
func inHand(e control.ReloadEvent) string {
	return terminal.Count(e.Requests, "request") + " and " + terminal.Count(e.Websockets, "websocket")
}
