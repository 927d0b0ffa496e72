package netloop

// A Loop is where tasks run and what connections belong to: an event loop of
// the epoll driver, or the whole of the goroutine driver. It is told from all
// others, those of other drivers too, by its address. It lives as long as its
// driver.
type Loop struct{ name string }

// String names the loop for people.
func (l *Loop) String() string { return l.name }
