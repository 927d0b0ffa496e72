package netloop

// A Loop runs tasks and owns connections. It is an event loop of the epoll
// driver, or the whole goroutine driver. Its address identifies it among all
// loops of all drivers. It lives as long as its driver.
type Loop struct{ name string }

// String returns the name of the loop.
func (l *Loop) String() string { return l.name }
