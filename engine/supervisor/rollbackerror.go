package supervisor

import (
	"fmt"
	"strings"
)

// A RollbackError says that an apply failed after it had replaced some workers,
// and that they were rolled back.
type RollbackError struct {
	Err      error   // why the apply failed
	Restored int     // number of workers that were rolled back
	Left     []error // why others were not: they keep serving as they are until the next reload
}

func (e *RollbackError) Error() string { return e.Err.Error() + "; " + e.Outcome() }

// Outcome says what happened to the workers.
func (e *RollbackError) Outcome() string {
	if len(e.Left) == 0 {
		return fmt.Sprintf("rolled back the workers already replaced (%d)", e.Restored)
	}
	reasons := make([]string, len(e.Left))
	for i, err := range e.Left {
		reasons[i] = err.Error()
	}
	return fmt.Sprintf("could not roll back %d of %d workers already replaced: %s",
		len(e.Left), len(e.Left)+e.Restored, strings.Join(reasons, "; "))
}

func (e *RollbackError) Unwrap() error { return e.Err }
