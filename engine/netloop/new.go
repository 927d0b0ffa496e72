package netloop

import (
	"fmt"
	"strings"
)

// Drivers returns the names of the drivers that work on this system, best
// first: "io_uring" and "epoll" on Linux, the former only if the kernel lets us
// use it, and "goroutine" everywhere.
func Drivers() []string {
	var names []string
	for _, batches := range [...]bool{true, false} {
		if d, err := newEpoll(Options{}, batches); err == nil {
			names = append(names, d.Name())
		}
	}
	return append(names, "goroutine")
}

// New returns the driver with the given name; "" means the first of Drivers. If
// this system has no such driver, the error says why.
func New(name string, opts Options) (Driver, error) {
	switch name {
	case "":
		for _, batches := range [...]bool{true, false} {
			if driver, err := newEpoll(opts, batches); err == nil {
				return driver, nil
			}
		}
		return NewGoroutine(opts), nil
	case "goroutine":
		return NewGoroutine(opts), nil
	case "io_uring", "epoll":
		driver, err := newEpoll(opts, name == "io_uring")
		if err != nil {
			return nil, fmt.Errorf("connection driver %q (LDCORN_DRIVER): %w; this system has %s", name, err, strings.Join(Drivers(), ", "))
		}
		return driver, nil
	}
	return nil, fmt.Errorf("no connection driver %q (LDCORN_DRIVER); this system has %s", name, strings.Join(Drivers(), ", "))
}
