package supervisor

import (
	"fmt"
	"strings"
)

// A RollbackError says that an apply has failed after it had replaced some
// workers, and that they were replaced back.
type RollbackError struct {
	Err      error   // why it has failed
	Restored int     // workers that were replaced back
	Left     []error // why others could not be: they serve on as they are, until the next reload
}

func (e *RollbackError) Error() string { return e.Err.Error() + "; " + e.Outcome() }

// Outcome says what has become of the workers.
func (e *RollbackError) Outcome() string {
	if len(e.Left) == 0 {
		return fmt.Sprintf("workers that had been replaced already have been replaced back (%d)", e.Restored)
	}
	reasons := make([]string, len(e.Left))
	for i, err := range e.Left {
		reasons[i] = err.Error()
	}
	return fmt.Sprintf("%d of %d workers that had been replaced already could not be replaced back: %s",
		len(e.Left), len(e.Left)+e.Restored, strings.Join(reasons, "; "))
}

func (e *RollbackError) Unwrap() error { return e.Err }
