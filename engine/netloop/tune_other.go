//go:build !linux

package netloop

import "net"

// tune does nothing, because this system has nothing to set.
func tune(net.Listener) {}
