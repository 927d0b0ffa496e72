//go:build !linux

package netloop

func newEpoll(Options) (Driver, bool) { return nil, false }
