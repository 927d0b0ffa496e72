package engine

import (
	"fmt"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A front is the socket of one listener of a plan, or of the admin listener. It
// belongs to the goroutine that reloads.
type front struct {
	argument string
	// listen takes over a socket and begins to accept connections on it.
	listen func(*opened) (*service, error)

	now     *opened  // nil = none
	service *service // of now; nil = nothing is accepted yet
}

// A service accepts the connections of a socket.
type service struct {
	// leave ends it, and returns once the socket is closed.
	leave func()
	// rename says that the plan has another address for the same socket; nil does
	// nothing.
	rename func(plan.Bind)
}

// begin accepts connections on the socket that is open, if there is one.
func (f *front) begin() (err error) {
	if f.now != nil {
		f.service, err = f.listen(f.now)
	}
	return err
}

// A move is the change that a reload makes to a front.
type move struct {
	front *front
	to    *opened // nil = none

	opened  bool        // to was opened for the move
	service *service    // of to, if it was opened and accepts already
	file    *fileChange // of the socket's file, if the socket stays
}

// prepare opens the next socket of the front, unless it is the present one. own are
// the sockets that this master has open.
func (f *front) prepare(w *wish, own []*opened, passed passedSockets) (*move, error) {
	m := &move{front: f}
	var err error
	switch now := f.now; {
	case w.bind.IsZero():
		return m, nil
	case now != nil && !now.isLost() && (now.bind.Key() == w.bind.Key() || now.is(w.bind)):
		next := *now
		next.bind, next.file, next.of = w.bind, w.file, w.of
		m.to = &next
		if now.file != w.file {
			m.file, err = now.change(w.file)
		}
		if err != nil {
			return nil, explain(f.argument, w.bind, err)
		}
		return m, nil
	}
	if m.to, err = w.open(own, passed); err != nil {
		return nil, err
	}
	m.opened = true
	return m, nil
}

// serve makes the socket that was opened accept connections, unless it does already.
func (m *move) serve() (err error) {
	if m.opened && m.service == nil && m.front.listen != nil {
		m.service, err = m.front.listen(m.to)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", m.front.argument, m.to.bind, err)
	}
	return nil
}

// take puts the move into effect, after serve. It returns what ends the old socket,
// or nil.
func (m *move) take() (leave func(), err error) {
	f, before, service := m.front, m.front.now, m.front.service
	f.now = m.to
	if m.to != nil && !m.opened {
		if m.file != nil {
			if err := m.file.apply(); err != nil {
				f.now = before // the next reload tries again
				return nil, fmt.Errorf("%s %q: its mode and owner stay as they were: %w", f.argument, m.to.bind, err)
			}
		}
		if service != nil && service.rename != nil && m.to.bind != before.bind {
			service.rename(m.to.bind)
		}
		return nil, nil
	}
	f.service = m.service
	if before == nil || service == nil {
		return nil, nil
	}
	return service.leave, nil
}

// giveBack closes the socket that prepare has opened.
func (m *move) giveBack() {
	switch {
	case m.service != nil:
		m.service.leave()
	case m.opened:
		m.to.Close()
	}
}
