package netloop

import (
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Listener is a socket on which a driver accepts clients. Each connection
// knows the Listener that accepted it. A Listener belongs to one driver, which
// owns it from Driver.Add on.
type Listener struct {
	net.Listener
	// Layer, if not nil, returns the layer for an accepted connection, or nil
	// for none. It is called before the connection is used. The layer can call
	// wake from any goroutine when it has news. The driver then calls Feed and
	// Seal with an empty p. Layer must be set before Driver.Add.
	Layer func(c Conn, wake func()) Layer

	// Owner is what the code that serves the connections keeps about the
	// listener. It must be set before Driver.Add.
	Owner any

	name    string
	port    string
	leaving atomic.Bool
	open    atomic.Int64 // connections that were accepted and not closed
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

// Name returns the address: "host:port" or "unix:/path".
func (l *Listener) Name() string { return l.name }

// Port returns the port of the address in digits, or "" for a unix socket.
func (l *Listener) Port() string { return l.port }

// Open returns how many connections that were accepted are not closed yet. It is safe to
// call from any goroutine, also after the listener was closed.
func (l *Listener) Open() int { return int(l.open.Load()) }

// SettleTime is how long the system needs to accept the connections that it kept
// back when Settle was called. It accepts each of them a second after its start.
const SettleTime = 1500 * time.Millisecond

// Settle makes the system accept connections that have sent nothing yet, which it
// keeps back otherwise, and would reset when the listener is closed. It reports
// whether there can be some, for which the caller should wait for SettleTime.
func (l *Listener) Settle() bool { return undefer(l.Listener) }

// Leaving reports whether Driver.Remove has removed the listener from its
// driver. Code that serves one of its connections should end it soon.
func (l *Listener) Leaving() bool { return l.leaving.Load() }

// Closed returns a channel that is closed once the socket is closed. The kernel
// refuses later connections.
func (l *Listener) Closed() <-chan struct{} { return l.closed }

// Close closes the socket. The driver calls it. A caller that has not given the
// listener to a driver calls it itself. A second call does nothing.
func (l *Listener) Close() (err error) {
	l.closing.Do(func() {
		err = l.Listener.Close()
		close(l.closed)
	})
	return err
}

// joins prepares the listener to be used by a driver.
func (l *Listener) joins(log *slog.Logger) {
	l.log.log, l.log.addr = log, l.name
	tune(l.Listener)
}
