package netloop

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// An acceptLog says when a listener's connections cannot be accepted, and when
// they can again: once each, however often that is tried in between, and no more than
// once every acceptLogPause where the two take turns.
type acceptLog struct {
	log     *slog.Logger
	addr    string
	failing atomic.Bool

	mu   sync.Mutex // guards all below
	told bool       // that connections cannot be accepted
	next time.Time  // when that may be told again
}

const acceptLogPause = 10 * time.Second

func (a *acceptLog) failed(err error) {
	if a.failing.Swap(true) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); !a.told && !now.Before(a.next) {
		a.told, a.next = true, now.Add(acceptLogPause)
		a.log.Error("cannot accept connections; trying again", slog.String("addr", a.addr), slog.Any("err", err), slog.String("hint", "raise the limit of open files, ulimit -n, if this goes on"))
	}
}

// caughtUp is called when nobody waits to be accepted any more, or by a driver
// that does not see that, when somebody was.
func (a *acceptLog) caughtUp() {
	if !a.failing.Load() || !a.failing.Swap(false) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told {
		a.told = false
		a.log.Info("accepting again", slog.String("addr", a.addr))
	}
}
