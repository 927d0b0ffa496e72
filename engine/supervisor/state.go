package supervisor

import "fmt"

// A State is where a worker is in its life:
// starting → ready → draining → stopping → exited, or failed.
type State uint8

// The states of a worker.
const (
	StateBackoff  State = iota // crashed, waits before it is started again
	StateStarting              // the process is there or about to be, not ready
	StateReady
	StateDraining // gets no new request, finishes those it has
	StateStopping // was sent SIGTERM
	StateExited
	StateFailed // crashed too often in a row; a reload tries again
)

var stateNames = [...]string{"backoff", "starting", "ready", "draining", "stopping", "exited", "failed"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// MarshalText makes a state its word in JSON, too.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("unknown state %q", text)
}
