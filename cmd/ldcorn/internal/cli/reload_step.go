package cli

import (
	"fmt"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// stepText says what a step of a reload does to its group. It returns "" for a step
// that is not shown.
func stepText(e api.ReloadStep) string {
	switch e.Kind {
	case api.StepBefore:
		return "running " + e.Reason
	case api.StepStarted:
		return "starting " + terminal.Count(e.Workers, "worker")
	case api.StepUnready:
		if e.Worker == nil {
			return ""
		}
		if e.Ended {
			return fmt.Sprintf("worker %d failed to start, and is started again: %s", *e.Worker, e.Reason)
		}
		return fmt.Sprintf("worker %d is not ready yet: %s", *e.Worker, e.Reason)
	case api.StepReady:
		return fmt.Sprintf("%d of %d ready", e.Ready, e.Workers)
	case api.StepReplaced:
		text := fmt.Sprintf("%d of %d replaced", e.Ready, e.Workers)
		if e.Requests+e.Websockets > 0 {
			text += ", the old worker finishes " + inHand(e)
		}
		return text
	case api.StepRestored:
		return fmt.Sprintf("%d of %d rolled back", e.Ready, e.Workers)
	case api.StepSwapped:
		return "swapped"
	case api.StepDraining:
		old := terminal.Count(e.Workers, "old worker")
		if e.Requests+e.Websockets == 0 {
			return "stopping " + old
		}
		return "draining " + inHand(e) + " on " + old
	case api.StepDone:
		return "done"
	}
	return ""
}

// inHand counts the requests that old workers still have.
func inHand(e api.ReloadStep) string {
	return terminal.Count(e.Requests, "request") + " and " + terminal.Count(e.Websockets, "websocket")
}
