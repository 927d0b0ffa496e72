package notify

import (
	"context"
	"time"
)

// Guard feeds the watchdog of the manager at half its time until ctx is done, as long as
// healthy returns nil in that time. If it does not, Guard tells stuck why, each time, and
// lets the watchdog bite. Without a watchdog it returns at once.
func (m *Manager) Guard(ctx context.Context, healthy func(context.Context) error, stuck func(error)) {
	if m.timeout == 0 {
		return
	}
	half := m.timeout / 2
	tick := time.NewTicker(half)
	defer tick.Stop()
	for ctx.Err() == nil {
		look, cancel := context.WithTimeout(ctx, half)
		err := healthy(look)
		cancel()
		switch {
		case err == nil:
			m.alive()
		case ctx.Err() == nil:
			stuck(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
