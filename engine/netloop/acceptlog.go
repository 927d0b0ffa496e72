package netloop

import (
	"log/slog"
	"sync/atomic"
)

// An acceptLog says when connections cannot be accepted, and when they can
// again: once each, however often that is tried in between.
type acceptLog struct {
	log     *slog.Logger
	failing atomic.Bool
}

func (a *acceptLog) failed(err error) {
	if !a.failing.Swap(true) {
		a.log.Error("cannot accept connections; trying again", slog.Any("err", err))
	}
}

// caughtUp is called when nobody waits to be accepted any more, or by a driver
// that does not see that, when somebody was.
func (a *acceptLog) caughtUp() {
	if a.failing.Load() && a.failing.Swap(false) {
		a.log.Info("accepting again")
	}
}
