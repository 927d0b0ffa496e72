//go:build !linux

package netloop

import "net"

// tune has nothing to set on this system.
func tune(net.Listener) {}
