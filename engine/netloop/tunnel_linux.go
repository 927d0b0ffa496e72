//go:build !portable

package netloop

import (
	"golang.org/x/sys/unix"
)

// A tunnel moves bytes between two connections. The loop runs it. It holds no
// buffer except for bytes that one side cannot take yet.
type tunnel struct {
	a, b   *econn
	ab, ba stream
	done   func()
	ended  bool
}

// A stream is one direction of a tunnel.
type stream struct {
	held  []byte // read, but not yet taken by the other side
	ended bool   // the end was read and passed on
}

func (t *etask) Tunnel(a, b Conn, done func()) Verdict {
	ca, cb := t.loop.ownConn(a), t.loop.ownConn(b)
	t.Watch(nil, nil)
	ca.until, cb.until = 0, 0
	tun := &tunnel{a: ca, b: cb, done: done}
	ca.tunnel, cb.tunnel = tun, tun
	t.loop.tunnels++
	ca.state, cb.state = atRest, atRest
	ca.register()
	cb.register()
	ca.keepAlive()
	// Bytes that have already arrived cause no event. They are moved outside the
	// task, which is still running.
	tun.moveLater()
	return Verdict{Op: Taken}
}

// moveAtTurn calls move, unless the tunnel has used up its turn and waits for
// the next one.
func (t *tunnel) moveAtTurn() {
	if !t.a.behind {
		t.move()
	}
}

// moveLater continues the tunnel after all other pending work.
func (t *tunnel) moveLater() {
	t.a.behind = true
	t.a.later(moveMore)
}

func moveMore(t *etask) {
	a := t.conn
	a.behind = false
	a.tunnel.move()
}

// move moves the available bytes in both directions, at most a turn's worth
// each.
func (t *tunnel) move() {
	if t.ended {
		return
	}
	if !t.pump(t.a, t.b, &t.ab) || !t.pump(t.b, t.a, &t.ba) || t.over() {
		t.end()
	}
}

// over reports whether both streams have ended and all their bytes were passed
// on.
func (t *tunnel) over() bool {
	return t.ab.ended && t.ba.ended && !t.a.unsent() && !t.b.unsent()
}

// pump moves bytes in one direction. It reports false if the tunnel is broken.
func (t *tunnel) pump(from, to *econn, s *stream) bool {
	for share := (turn{}); !share.over(); {
		if len(s.held) > 0 && !s.flush(to) {
			return false
		}
		switch {
		case s.ended && from.hup && !to.unsent():
			return false // nothing can reach it anymore
		case len(s.held) > 0, s.ended, !from.readable:
			return true
		}
		n, err := from.tryRead(nil, from.loop.scratch)
		share.moved(from.cost(n))
		switch {
		case n > 0:
			share.moved(n)
			s.held = from.loop.scratch[:n]
			ok := s.flush(to)
			s.held = append([]byte(nil), s.held...)
			if !ok {
				return false
			}
		case err == ErrAgain && from.readable: // a layer has not opened anything yet
		case err == ErrAgain:
			return true
		case isEOF(err):
			s.ended = true
			to.CloseWrite()
			from.readable = false
		default:
			return false
		}
	}
	if !t.a.behind {
		t.moveLater()
	}
	return true
}

// flush writes the held bytes. It reports false if the other side is broken.
func (s *stream) flush(to *econn) bool {
	for len(s.held) > 0 {
		n, e := to.put(s.held)
		switch e {
		case 0:
			s.held = s.held[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			to.want(true)
			return true
		default:
			return false
		}
	}
	s.held = nil
	to.want(to.unsent())
	return true
}

func (t *tunnel) end() {
	if t.ended {
		return
	}
	t.ended = true
	t.a.loop.tunnels--
	t.a.Close()
	t.b.Close()
	t.done()
}
