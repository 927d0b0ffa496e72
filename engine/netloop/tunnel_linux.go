package netloop

import (
	"golang.org/x/sys/unix"
)

// A tunnel moves bytes between two connections. It is run by the loop itself
// and holds no buffer but for bytes that one side would not take yet.
type tunnel struct {
	a, b   *econn
	ab, ba stream
	done   func()
	ended  bool
}

// A stream is one direction of a tunnel.
type stream struct {
	held  []byte // read, and not yet taken by the other side
	ended bool   // the end was read, and passed on
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
	// What is there already makes no event. It is moved outside of the task,
	// which still runs.
	tun.moveLater()
	return Verdict{Op: Taken}
}

// moveAtTurn moves what there is, but for a tunnel that has used up its turn
// and whose next is still to come.
func (t *tunnel) moveAtTurn() {
	if !t.a.behind {
		t.move()
	}
}

// moveLater has the tunnel go on behind what others have to do.
func (t *tunnel) moveLater() {
	t.a.behind = true
	t.a.later(moveMore)
}

func moveMore(t *etask) {
	a := t.conn
	a.behind = false
	a.tunnel.move()
}

// move moves what there is, both ways, a turn's worth of each at most.
func (t *tunnel) move() {
	if t.ended {
		return
	}
	if !t.pump(t.a, t.b, &t.ab) || !t.pump(t.b, t.a, &t.ba) || t.over() {
		t.end()
	}
}

// over reports whether both streams have ended, and all of them was passed on.
func (t *tunnel) over() bool {
	return t.ab.ended && t.ba.ended && !t.a.unsent() && !t.b.unsent()
}

// pump moves one direction. It reports false when the tunnel is broken.
func (t *tunnel) pump(from, to *econn, s *stream) bool {
	for share := (turn{}); !share.over(); {
		if len(s.held) > 0 && !s.flush(to) {
			return false
		}
		switch {
		case s.ended && from.hup && !to.unsent():
			return false // nothing can reach it any more
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
		case err == ErrAgain && from.readable: // a layer has opened nothing yet
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

// flush writes what is held. It reports false when the other side is broken.
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
