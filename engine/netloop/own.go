package netloop

import "fmt"

// The code that serves connections uses the interfaces Task and Conn. Each driver
// has types of its own behind them. The functions here and in own_linux.go are the
// only ones that assert these types.

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

// foreign is the message of the panic of a driver that gets a task or connection
// of another one.
func foreign(what string, got any, name string) string {
	return fmt.Sprintf("netloop: the %s driver got a %s (%T) that is not its own, or not of the same loop; a connection is used with the tasks of the loop that it belongs to", name, what, got)
}
