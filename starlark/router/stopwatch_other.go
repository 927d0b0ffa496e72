//go:build !linux

package router

import "time"

// threadTime returns false: it is only implemented on Linux.
func threadTime() (thread int, at time.Duration, ok bool) { return 0, 0, false }
