package netloop

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

// Options configure a driver. The zero value of each field has a meaning,
// but Handler and Log are required.
type Options struct {
	Handler Handler
	Log     *slog.Logger
	// FirstWait bounds the wait for the first byte of a new connection, in
	// nanoseconds; nil or 0 = no limit. It is read at every accept, so that
	// a reload can change it.
	FirstWait func() time.Duration
	// Reserve is how many file descriptors connections leave to the rest of
	// the process; nil or 0 is a few. It is read often.
	Reserve func() int
	// Loops is the number of event loops of the epoll driver; 0 chooses.
	Loops int
	// Beside is the number of processors that layers can use for work in their
	// own goroutines, such as handshakes; 0 = none.
	Beside int
	// OnPanic, if not nil, is told of a panic in Serve after the connection
	// was given up, and of one in a Job.
	OnPanic func(v any, stack []byte)
}

// panicked tells of a panic. The function that has recovered from it calls it.
func (o *Options) panicked(v any) {
	if o.OnPanic != nil {
		o.OnPanic(v, debug.Stack())
	}
}

// maxShare is where more processors stop paying.
const maxShare = 4

// share is how many of the processors connections should have: the workers,
// which do the work, need the others.
func share() int { return min(max(runtime.GOMAXPROCS(0)/4, 1), maxShare) }

const (
	lingerTime     = 30 * time.Second       // how long a lingering close discards, as nginx's lingering_time
	lingerSilence  = 5 * time.Second        // how long it waits for more to discard, as nginx's lingering_timeout
	lingerLook     = time.Second            // how often the goroutine driver looks whether to linger on
	lingerStopping = 2 * time.Second        // how long a driver that is to end still lingers
	watchAfter     = 500 * time.Millisecond // a wait this long is worth a look at the client
	watchEvery     = 200 * time.Millisecond // between two such looks
	probeTime      = 100 * time.Millisecond // for writing a few bytes to a peer that reads or is gone
	dialPause      = 2 * time.Millisecond   // before a full backlog is tried again
	backlogTime    = 20 * time.Millisecond  // for taking the connections that wait when the listener closes
	backlogLimit   = time.Second            // for all of them, where that was not enough
	acceptBackoff  = 100 * time.Millisecond // after a failed accept, such as EMFILE
)
