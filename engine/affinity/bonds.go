package affinity

import "sync/atomic"

// Bonds are what a group knows of the clients that are bound to its workers,
// with counts of their requests. The zero Bonds are ready to use, and safe for
// concurrent use.
type Bonds[W comparable] struct {
	Sessions[W]

	Followed atomic.Uint64 // requests that were for the worker of their cookie or session
	Strayed  atomic.Uint64 // requests with a cookie or an id that led to no worker
	Issued   atomic.Uint64 // cookies
}
