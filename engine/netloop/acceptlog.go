package netloop

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// An acceptLog reports when a listener cannot accept connections and when it
// can again. It reports each change once, however many attempts lie in between,
// and at most once per acceptLogPause if the two states alternate.
type acceptLog struct {
	log     *slog.Logger
	addr    string
	failing atomic.Bool

	mu   sync.Mutex // guards all below
	told bool       // the failure was reported
	next time.Time  // when it can be reported again
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
		a.log.Error("cannot accept connections; trying again", slog.String("addr", a.addr), slog.Any("err", err), slog.String("hint", "if this continues, raise the limit of open files (ulimit -n)"))
	}
}

// caughtUp is called once no client waits to be accepted. A driver that cannot
// see that calls it after each successful accept.
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
