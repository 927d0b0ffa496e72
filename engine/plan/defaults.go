package plan

import "time"

// The defaults that others than the tables of arguments ask for. Where the Python original has the argument, its
// default is kept.
const (
	DefaultBind                  = "0.0.0.0:8000"
	DefaultForwarded             = ForwardedSet
	DefaultHeaderTimeout         = 5 * time.Second
	DefaultIdleTimeout           = 75 * time.Second
	DefaultMaxHeaderSize         = 64 << 10
	DefaultMaxResponseHeaderSize = 128 << 10
	DefaultStartupTimeout        = 60 * time.Second
	DefaultShutdownTimeout       = 10 * time.Second

	DefaultInstances          = 1
	DefaultMaxRestartsOnCrash = 3
	DefaultBalance            = BalanceLeastBusy
	DefaultWebsocketGrace     = 30 * time.Second // of a worker that was replaced, before its websockets are closed
	DefaultHealthInterval     = 5 * time.Second
	DefaultHealthTimeout      = 2 * time.Second
	DefaultUnhealthyAfter     = 3

	MaxInstances = 1024 // of one group

	// MaxResponseHeaders is how many headers an answer may have.
	MaxResponseHeaders = 1000

	// The bounds of MaxHeaderSize and MaxResponseHeaderSize: browsers send a
	// kilobyte, and a head is held in memory whole.
	LeastHeaderSize = 1 << 10
	MostHeaderSize  = 16 << 20
)
