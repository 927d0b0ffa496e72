package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// fronts are the listeners that a configuration names: the public one, for
// clients, and the admin listener.
type fronts struct {
	public, admin *front
}

// openFronts opens the sockets of a plan. The caller must close the fronts. They
// accept nothing yet.
func openFronts(p *plan.Plan) (*fronts, error) {
	f := &fronts{public: &front{argument: "bind"}, admin: &front{argument: "admin"}}
	moves, err := f.prepare(p)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		m.front.now = m.to
	}
	return f, nil
}

// close closes the sockets. The proxy and the admin listener have closed them
// already, unless they never ran.
func (f *fronts) close() {
	for _, x := range []*front{f.public, f.admin} {
		if x.now != nil {
			x.now.Close()
		}
	}
}

// prepare opens the sockets that the plan names and that are not open yet. The
// caller must call take or giveBack.
func (f *fronts) prepare(p *plan.Plan) (moves, error) {
	var out moves
	for _, want := range []struct {
		front, other *front
		bind         plan.Bind
		file         socketFile
	}{
		{f.public, f.admin, p.Bind, socketFile{mode: p.BindMode, owner: p.BindOwner}},
		{f.admin, f.public, p.Admin, socketFile{}},
	} {
		if now := want.other.now; now.is(want.bind) {
			out.giveBack()
			return nil, fmt.Errorf("%s %q: this master uses the address for %s = %q; change that in a reload of its own first",
				want.front.argument, want.bind, want.other.argument, now.bind)
		}
		m, err := want.front.prepare(want.bind, want.file)
		if err != nil {
			out.giveBack()
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// moves are the changes that a reload makes to the fronts.
type moves []*move

// take puts the moves into effect.
func (ms moves) take() (err error) {
	for _, m := range ms {
		err = errors.Join(err, m.take())
	}
	return err
}

// giveBack closes the sockets that prepare has opened.
func (ms moves) giveBack() {
	for _, m := range ms {
		m.giveBack()
	}
}

// A front is the listener of one argument. It belongs to the goroutine that
// reloads.
type front struct {
	argument string
	// listen takes over a listener and begins to accept connections on it. The
	// function that it returns stops that, and returns once the socket is closed.
	listen func(net.Listener) (leave func(), err error)

	now   *opened // nil = none
	leave func()  // of now; nil = nothing is accepted yet
}

// clientsOf returns the front.listen of the public listener.
func clientsOf(px *proxy.Proxy, log *slog.Logger) func(net.Listener) (func(), error) {
	first := true
	return func(l net.Listener) (leave func(), err error) {
		ln := netloop.NewListener(l)
		if err := px.Listen(ln); err != nil {
			return nil, err
		}
		if !first { // serve logs it for the first one
			log.Info("listening", "addr", ln.Name(), "driver", px.Driver())
		}
		first = false
		return func() {
			px.Leave(ln)
			select {
			case <-ln.Closed():
				log.Info("no longer listening", "addr", ln.Name())
			case <-px.Drained(): // the proxy has closed all of them, or never ran
			}
		}, nil
	}
}

// begin accepts connections on the socket that is open, if there is one.
func (f *front) begin() (err error) {
	if f.now != nil {
		f.leave, err = f.listen(f.now.Listener)
	}
	return err
}

// An opened is a socket that a master has opened.
type opened struct {
	net.Listener
	bind plan.Bind
	file socketFile
	made os.FileInfo // of a unix socket
}

// open opens a socket for an argument.
func open(argument string, bind plan.Bind, file socketFile, beside *opened) (*opened, error) {
	l, err := listenBeside(argument, bind, file, beside)
	if err != nil {
		return nil, err
	}
	o := &opened{Listener: l, bind: bind, file: file}
	if sock, ok := l.(*net.UnixListener); ok && bind.Network == "unix" {
		if o.made, err = os.Lstat(bind.Address); err != nil {
			l.Close()
			return nil, fmt.Errorf("%s %q: %w", argument, bind, err)
		}
		sock.SetUnlinkOnClose(false)
		o.Listener = &fileListener{UnixListener: sock, path: bind.Address, made: o.made}
	}
	return o, nil
}

// A fileListener listens on a unix socket. Close removes the file, unless another
// file has taken its place.
type fileListener struct {
	*net.UnixListener
	path string
	made os.FileInfo
	once sync.Once
}

// Close closes the socket, and removes its file. A second call does nothing.
func (l *fileListener) Close() (err error) {
	l.once.Do(func() {
		// No other file gets the inode number before the socket is closed.
		if info, statErr := os.Lstat(l.path); statErr == nil && os.SameFile(info, l.made) {
			_ = os.Remove(l.path)
		}
		err = l.UnixListener.Close()
	})
	return err
}

// is reports whether the address is that of this socket. It is false for a nil
// opened.
func (o *opened) is(bind plan.Bind) bool {
	if o == nil || bind.IsZero() {
		return false
	}
	switch addr := o.Addr().(type) {
	case *net.TCPAddr:
		return bind.Network == "tcp" && sameTCP(addr, bind.Address)
	case *net.UnixAddr:
		return bind.Network == "unix" && o.made != nil && o.owns(bind.Address)
	}
	return false
}

// owns reports whether the file at path is that of the socket.
func (o *opened) owns(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && os.SameFile(info, o.made)
}

// isLost reports whether the file of the socket is gone or another file has taken its
// place.
func (o *opened) isLost() bool { return o.made != nil && !o.owns(o.bind.Address) }

// A move is the change that a reload makes to a front.
type move struct {
	front *front
	to    *opened // nil = none

	opened bool        // to was opened for the move
	leave  func()      // of to, if it accepts already
	file   *fileChange // of the socket's file, if the socket stays
}

// prepare opens the next socket of the front, unless it is the present one.
func (f *front) prepare(bind plan.Bind, file socketFile) (*move, error) {
	m := &move{front: f}
	var err error
	switch now := f.now; {
	case bind.IsZero():
		return m, nil
	case now != nil && now.bind == bind && now.file == file && !now.isLost():
		m.to = now
		return m, nil
	case now.is(bind):
		next := *now
		next.bind, next.file = bind, file
		m.to = &next
		if now.file != file {
			m.file, err = now.change(file)
		}
		if err != nil {
			return nil, explain(f.argument, bind, err)
		}
		return m, nil
	}
	if m.to, err = open(f.argument, bind, file, f.now); err != nil {
		return nil, err
	}
	m.opened = true
	// Clients of the old socket reach the new one from now on. They do not wait
	// for the end of the reload, which may fail.
	if f.leave != nil && takesFrom(m.to.Listener, f.now.Listener) {
		if m.leave, err = f.listen(m.to.Listener); err != nil {
			m.to.Close()
			return nil, err
		}
	}
	return m, nil
}

// take puts the move into effect: the new socket accepts, and then the old one
// is closed.
func (m *move) take() (err error) {
	f, before, leave := m.front, m.front.now, m.front.leave
	f.now = m.to
	switch {
	case m.file != nil:
		if err := m.file.apply(); err != nil {
			f.now = before // the next reload tries again
			return fmt.Errorf("%s %q: its mode and owner stay as they were: %w", f.argument, m.to.bind, err)
		}
		return nil
	case m.to != nil && !m.opened:
		return nil
	case m.opened && m.leave == nil:
		if m.leave, err = f.listen(m.to.Listener); err != nil {
			return fmt.Errorf("%s %q: %w", f.argument, m.to.bind, err)
		}
	}
	f.leave = m.leave
	if before == nil {
		return nil
	}
	if leave != nil {
		leave()
	}
	return nil
}

// giveBack closes the socket that prepare has opened.
func (m *move) giveBack() {
	switch {
	case m.leave != nil:
		m.leave()
	case m.opened:
		m.to.Close()
	}
}
