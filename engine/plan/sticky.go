package plan

import (
	"github.com/ldcorn/ldcorn/engine/match"
)

// A Sticky says which requests of a group go to the same worker. The zero
// Sticky leaves that to Balance.
type Sticky struct {
	Key match.Key // a hash of it chooses the worker
}

// String returns the value as the configuration writes it.
func (s Sticky) String() string { return s.Key.String() }
