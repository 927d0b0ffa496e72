package netloop

import (
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// A Listener is a socket on which a driver accepts clients. Each connection
// knows the one that it came by. A Listener is for one driver, which owns it
// from Driver.Add on.
type Listener struct {
	net.Listener
	// Layer, if not nil, returns the layer for a connection that was accepted; nil
	// = none. The connection is not used yet. The layer may call wake from any
	// goroutine when it has news; the driver then calls Feed and Seal with an
	// empty p. Layer is set before Driver.Add.
	Layer func(c Conn, wake func()) Layer

	name    string
	port    string
	leaving atomic.Bool
	log     acceptLog

	closing sync.Once
	closed  chan struct{}
}

// NewListener returns a listener for a driver.
func NewListener(ln net.Listener) *Listener {
	l := &Listener{Listener: ln, name: ln.Addr().String(), closed: make(chan struct{})}
	switch addr := ln.Addr().(type) {
	case *net.TCPAddr:
		l.port = strconv.Itoa(addr.Port)
	case *net.UnixAddr:
		l.name = "unix:" + l.name
	}
	return l
}

// Name is the address: "host:port" or "unix:/path".
func (l *Listener) Name() string { return l.name }

// Port is the port of the address, in digits; "" for a unix socket.
func (l *Listener) Port() string { return l.port }

// Leaving reports whether the listener has been removed from its driver, by
// Driver.Remove: who would keep a connection of it should end it.
func (l *Listener) Leaving() bool { return l.leaving.Load() }

// Closed is closed when the socket is: who connects from then on is refused.
func (l *Listener) Closed() <-chan struct{} { return l.closed }

// Close closes the socket. The driver calls it; who has not given the listener
// to a driver calls it instead. A second call does nothing.
func (l *Listener) Close() (err error) {
	l.closing.Do(func() {
		err = l.Listener.Close()
		close(l.closed)
	})
	return err
}

// joins prepares the listener for a driver.
func (l *Listener) joins(log *slog.Logger) {
	l.log.log, l.log.addr = log, l.name
	tune(l.Listener)
}
