//go:build !linux || portable

package netloop

import "net"

// tune does nothing, because this system has nothing to set.
func tune(net.Listener) {}

// undefer returns false, because this system keeps no connection back.
func undefer(net.Listener) bool { return false }
