package netloop

import "fmt"

// The code that serves connections uses the interfaces Task and Conn. Each
// driver has its own types behind them. Only the functions here and in
// own_linux.go assert these types.

// ownTask returns the driver's task behind t.
func (d *goroutines) ownTask(t Task) *gtask {
	if own, ok := t.(*gtask); ok && own.d == d {
		return own
	}
	panic(foreign("task", t, d.Name()))
}

// ownConn returns the driver's connection behind c.
func (d *goroutines) ownConn(c Conn) *gconn {
	if own, ok := c.(*gconn); ok && own.d == d {
		return own
	}
	panic(foreign("connection", c, d.Name()))
}

// foreign returns the message with which a driver panics when it gets a task or
// connection that is not its own.
func foreign(what string, got any, name string) string {
	return fmt.Sprintf("netloop: the %s driver got a %s (%T) that belongs to another driver or loop; use a connection only with tasks of its own loop", name, what, got)
}
