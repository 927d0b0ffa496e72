//go:build !linux || portable

package cli

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// lookEvery is how often an endWatch looks at its process.
const lookEvery = 20 * time.Millisecond

// An endWatch watches a process that is not our child, by its pid and start time.
type endWatch struct{ proc.Process }

// watchEnd watches the process that has a pid now.
func watchEnd(pid int) (endWatch, error) {
	p, err := proc.Read(pid)
	return endWatch{p}, err
}

// Close returns nil.
func (endWatch) Close() error { return nil }

// await waits until the process has ended.
func (w endWatch) await(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for proc.Lives(w.PID, w.Start) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
