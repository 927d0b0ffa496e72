package engine

import (
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An opened is a socket that a master has opened.
type opened struct {
	net.Listener
	bind plan.Bind
	file socketFile
	made os.FileInfo    // of a unix socket
	of   *plan.Listener // nil for the admin listener
}

// A wish is what a plan wants of a socket.
type wish struct {
	argument string // of LdConfig
	bind     plan.Bind
	file     socketFile
	of       *plan.Listener // nil for the admin listener
}

// open opens a socket. own are the sockets that this master has open.
func (w *wish) open(own []*opened, passed passedSockets) (*opened, error) {
	var l net.Listener
	var err error
	if w.bind.Network == "systemd" {
		l, err = passed.listen(w.bind)
	} else {
		l, err = listenBeside(w, own)
	}
	if err != nil {
		return nil, err
	}
	bind := w.bind
	o := &opened{Listener: l, bind: bind, file: w.file, of: w.of}
	if sock, ok := l.(*net.UnixListener); ok && bind.Network == "unix" {
		if o.made, err = os.Lstat(bind.Address); err != nil {
			l.Close()
			return nil, fmt.Errorf("%s %q: %w", w.argument, bind, err)
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
	once sync.Once // closes it

	unlinked sync.Once
}

// unlink removes the file, so that nobody can connect any more. Whoever has connected
// waits to be accepted.
func (l *fileListener) unlink() {
	l.unlinked.Do(func() {
		// No other file gets the inode number before the socket is closed.
		if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.made) {
			_ = os.Remove(l.path)
		}
	})
}

// Close closes the socket, and removes its file. A second call does nothing.
func (l *fileListener) Close() (err error) {
	l.once.Do(func() {
		l.unlink()
		err = l.UnixListener.Close()
	})
	return err
}

// retire keeps new clients away from a socket that is about to be closed, as far as
// that can be done while it still accepts those that have connected.
func (o *opened) retire() {
	if l, ok := o.Listener.(*fileListener); ok {
		l.unlink()
	}
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
