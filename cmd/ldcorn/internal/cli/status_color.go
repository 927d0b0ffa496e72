package cli

import (
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
)

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
)

// stateColor returns the color of the state of a worker.
func stateColor(cell string) string {
	word, _, _ := strings.Cut(cell, " ")
	switch api.WorkerState(word) {
	case api.StateReady:
		return green
	case api.StateFailed, api.StateBackoff, api.StateExited:
		return red
	case api.StateStarting, api.StateDraining, api.StateStopping:
		return yellow
	}
	return ""
}

// readyColor returns the color of a number of ready workers, such as 1/2.
func readyColor(cell string) string {
	ready, want, _ := strings.Cut(cell, "/")
	switch {
	case want == "0":
		return ""
	case ready == want:
		return green
	case ready == "0":
		return red
	}
	return yellow
}
