package netloop

import "fmt"

// New returns the driver of that name, "epoll" or "goroutine"; "" is the best
// that the system has.
func New(name string, opts Options) (Driver, error) {
	switch name {
	case "goroutine":
		return NewGoroutine(opts), nil
	case "", "epoll":
		if driver, ok := newEpoll(opts); ok {
			return driver, nil
		}
		if name == "" {
			return NewGoroutine(opts), nil
		}
		return nil, fmt.Errorf("the epoll driver needs Linux; set LDCORN_DRIVER=goroutine")
	}
	return nil, fmt.Errorf("no connection driver %q; there are \"epoll\" and \"goroutine\"", name)
}
