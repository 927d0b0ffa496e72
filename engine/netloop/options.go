package netloop

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

// Options configure a driver. The zero value of each field is usable, except
// that Handler and Log are required.
type Options struct {
	Handler Handler
	Log     *slog.Logger
	// FirstWait limits the wait for the first byte of a new connection; nil or 0
	// = no limit. The driver calls it for every accepted client, so that a
	// reload can change it.
	FirstWait func() time.Duration
	// Reserve returns how many file descriptors connections leave to the rest of
	// the process; nil or 0 means a few. The driver calls it often.
	Reserve func() int
	// Loops is the number of event loops of the epoll driver; 0 means that the
	// driver chooses.
	Loops int
	// Beside is the number of processors that layers can use for work in their
	// own goroutines, such as handshakes; 0 = none.
	Beside int
	// OnPanic, if not nil, is called after a panic in Serve, once the connection
	// is given up, and after a panic in a Job.
	OnPanic func(v any, stack []byte)
}

// panicked reports a panic. The function that has recovered from it calls it.
func (o *Options) panicked(v any) {
	if o.OnPanic != nil {
		o.OnPanic(v, debug.Stack())
	}
}

// maxShare is the limit above which more processors no longer help.
const maxShare = 4

// share returns how many processors connections should have. The workers, which
// do the real work, need the others.
func share() int { return min(max(runtime.GOMAXPROCS(0)/4, 1), maxShare) }

const (
	lingerTime     = 30 * time.Second       // how long a lingering close discards, as nginx's lingering_time
	lingerSilence  = 5 * time.Second        // how long it waits for more to discard, as nginx's lingering_timeout
	lingerLook     = time.Second            // how often the goroutine driver checks whether to keep lingering
	lingerUnopened = 2 * time.Second        // how long it discards what a client sends whose layer has never opened anything, as after a TLS handshake that failed
	lingerStopping = 2 * time.Second        // how long a driver that is shutting down still lingers
	watchAfter     = 500 * time.Millisecond // a wait this long makes it worth checking the client
	watchEvery     = 200 * time.Millisecond // between two of these checks
	probeTime      = 100 * time.Millisecond // for writing a few bytes to a peer that is reading or gone
	dialPause      = 2 * time.Millisecond   // before retrying a full backlog
	backlogTime    = 20 * time.Millisecond  // for taking the connections that wait when the listener closes
	backlogLimit   = time.Second            // for taking all of them, if backlogTime was too short
	acceptBackoff  = 100 * time.Millisecond // after a failed accept, for example with EMFILE
)
