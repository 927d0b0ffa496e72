//go:build !linux || portable

package netloop

import "errors"

func newEpoll(Options, bool) (Driver, error) { return nil, errors.New("not available on this system") }
