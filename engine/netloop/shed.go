package netloop

import (
	"sync"
	"time"
)

// idleConns is an idleList for the goroutine driver, safe for concurrent use. A
// goroutine that takes a connection out owns it.
type idleConns struct {
	mu   sync.Mutex // guards list, and the nodes of connections
	list idleList[*gconn]
}

func (l *idleConns) push(c *gconn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.push(&c.idle, c, Now())
}

// remove takes a connection out. It reports false if the connection was no
// longer in the list.
func (l *idleConns) remove(c *gconn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return c.idle.leave()
}

// take takes out the connection that has rested longest, if it has rested since
// the given moment or longer. It returns nil if there is none.
func (l *idleConns) take(since Time) *gconn {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.list.oldest(since)
	if ok {
		c.idle.leave()
	}
	return c
}

// shedClient closes the client's connection that has been idle or lingering
// longest, so that its descriptor is free for another client. A client that has
// just sent a request is served instead. shedClient reports whether there was a
// connection to close; if not, it has the Shedder end some.
func (d *goroutines) shedClient() bool {
	c := d.idleClients.take(Now() - Time(shedAge))
	if c == nil {
		d.fds.shedHeld()
		return false
	}
	c.shed.Store(true)
	c.spoil()
	d.fds.shedLog.shed()
	return true
}

// shedAny makes room for a connection to an upstream. It reports whether there
// will be room.
func (d *goroutines) shedAny() bool {
	if d.shedClient() {
		return true
	}
	c := d.idleUps.take(Now())
	if c == nil {
		return false
	}
	c.Close()
	return true
}

// hasRoom reports whether there is a descriptor for another client.
func (d *goroutines) hasRoom(ln any) bool {
	fd := spareOf(ln)
	return fd >= 0 && fd < d.fds.clients()
}

// makeRoom waits a little until there is a descriptor for another client: a
// free one, or one taken from an idle client. It reports false if there is
// none.
func (d *goroutines) makeRoom(ln any) bool {
	if d.hasRoom(ln) {
		return true
	}
	if !d.shedClient() {
		return false
	}
	// The connection's own goroutine closes it.
	for end := Now().Add(acceptBackoff); Now() < end && !d.stopping.Load(); {
		time.Sleep(shedPoll)
		if d.hasRoom(ln) {
			return true
		}
	}
	return false
}

// shedPoll is the time between two checks whether a connection is closed.
const shedPoll = 100 * time.Microsecond
