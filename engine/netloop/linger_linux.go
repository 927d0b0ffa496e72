//go:build !portable

package netloop

// linger ends our stream and discards incoming bytes for a while. It holds no
// task and no buffer.
func (c *econn) linger() {
	c.CloseWrite()
	l := c.loop
	limit := lingerTime
	if c.lining != nil && !c.lining.opened {
		limit = lingerUnopened
	}
	c.state, c.until = lingering, l.now.Add(min(lingerSilence, limit))
	l.lingers[c] = l.now.Add(limit)
	l.by(c.until)
	if l.finishing {
		c.shorten()
	}
	l.idleClients.push(&c.idle, c, l.now)
	c.register()
	c.discardAtTurn()
}

// shorten makes the lingering end soon, because the driver is shutting down.
func (c *econn) shorten() {
	l := c.loop
	l.lingers[c] = min(l.lingers[c], l.now.Add(lingerStopping))
	c.until = min(c.until, l.lingers[c])
	l.by(c.until)
}

// discardAtTurn calls discard, unless the connection has used up its turn and
// waits for the next one.
func (c *econn) discardAtTurn() {
	if !c.behind {
		c.discard()
	}
}

// discard discards available bytes, at most a turn's worth. The rest has to
// wait for other connections' work.
func (c *econn) discard() {
	var t turn
	for !c.closed {
		if t.over() {
			c.behind = true
			c.later(discardMore)
			return
		}
		n, err := c.drop()
		t.moved(c.cost(n))
		switch {
		case err == ErrAgain && c.readable: // a layer has not opened anything yet
			continue
		case err == ErrAgain:
			return
		case err != nil:
			c.Close()
			return
		}
		c.until = min(c.loop.now.Add(lingerSilence), c.loop.lingers[c])
	}
}

func discardMore(t *etask) {
	c := t.conn
	c.behind = false
	c.discard()
}
