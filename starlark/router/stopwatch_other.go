//go:build !linux

package router

import "time"

// threadTime is for systems that count the time of threads.
func threadTime() (thread int, at time.Duration, ok bool) { return 0, 0, false }
