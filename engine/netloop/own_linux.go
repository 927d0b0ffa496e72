//go:build !portable

package netloop

// ownTask returns the loop's task behind t.
func (l *loop) ownTask(t Task) *etask {
	if own, ok := t.(*etask); ok && own.loop == l {
		return own
	}
	panic(foreign("task", t, l.d.Name()))
}

// ownConn returns the loop's connection behind c.
func (l *loop) ownConn(c Conn) *econn {
	if own, ok := c.(*econn); ok && own.loop == l {
		return own
	}
	panic(foreign("connection", c, l.d.Name()))
}
