//go:build !portable

package netloop

// shedClient closes the client's connection that has been idle or lingering
// longest, so that its descriptor is free for another client. A client that has
// just sent a request is served instead. shedClient reports whether it has
// closed a connection; if not, it has the Shedder end some.
func (l *loop) shedClient() bool {
	for {
		c, ok := l.idleClients.oldest(l.now - Time(shedAge))
		if !ok {
			l.d.fds.shedHeld()
			return false
		}
		if c.state == lingering || c.quiet() {
			c.Close()
			l.d.fds.shedLog.shed()
			return true
		}
		c.idle.leave()
		c.state = inTask
		c.later(serveConn)
	}
}

// shedUpstream closes the upstream connection that has been idle longest. That
// costs no more than another dial. It reports whether there was one.
func (l *loop) shedUpstream() bool {
	c, ok := l.idleUps.oldest(l.now)
	if ok {
		c.Close()
	}
	return ok
}

// shed makes room for a connection to an upstream, or asks other loops to do
// so. It reports whether there is room now.
func (l *loop) shed() bool {
	if l.shedClient() || l.shedUpstream() {
		return true
	}
	l.shedElsewhere()
	return false
}

// shedElsewhere asks each other loop to close an idle connection, but not too
// often.
func (l *loop) shedElsewhere() {
	if l.now < l.askAt {
		return
	}
	l.askAt = l.now.Add(dialPause)
	for _, other := range l.d.loops {
		if other != l {
			other.post(func() { _ = other.shedClient() || other.shedUpstream() })
		}
	}
}
