package plan

import "time"

// Defaults that are used outside the tables of arguments. If the Python
// original has the argument, its default is kept.
const (
	DefaultBind                  = "0.0.0.0:8000"
	DefaultForwarded             = ForwardedSet
	DefaultHeaderTimeout         = 5 * time.Second
	DefaultIdleTimeout           = 75 * time.Second
	DefaultMaxHeaderSize         = 64 << 10
	DefaultMaxResponseHeaderSize = 128 << 10
	DefaultStartupTimeout        = 60 * time.Second
	DefaultShutdownTimeout       = 10 * time.Second
	DefaultBufferMemory          = 64 << 20
	DefaultBufferLimit           = 1 << 30

	DefaultInstances          = 1
	DefaultMaxRestartsOnCrash = 3
	DefaultBalance            = BalanceLeastBusy
	DefaultWebsocketGrace     = 30 * time.Second // how long a replaced worker keeps its websockets
	DefaultHealthInterval     = 5 * time.Second
	DefaultHealthTimeout      = 2 * time.Second
	DefaultUnhealthyAfter     = 3

	// DefaultCappedBuffer is the size of the buffers of a group with a cap.
	DefaultCappedBuffer = 16 << 20

	MaxInstances = 1024 // per group

	// The bounds of a priority.
	LeastPriority = -100
	MostPriority  = 100

	// MaxResponseHeaders is the maximum number of headers in an answer.
	MaxResponseHeaders = 1000

	// The bounds of MaxHeaderSize and MaxResponseHeaderSize: browsers send a
	// kilobyte, and the whole head is held in memory.
	LeastHeaderSize = 1 << 10
	MostHeaderSize  = 16 << 20
)
