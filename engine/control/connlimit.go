package control

import (
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// The limits on the connections of an Admin. Anybody can open one, so that they must not
// use up the descriptors of the master.
const (
	maxAdminConns   = 256
	fewAdminConns   = 8   // while descriptors are short
	ownerAdminConns = 16  // more, for the user of the master over a unix socket
	maxStrangers    = 192 // requests at a time of those who are not trusted
)

// A connLimit limits the connections of an http.Server, whose ConnState is its method
// changed. When there are too many, those that wait for a request are closed, the one that
// has waited longest first and those of trusted clients last. If none waits, the new one is
// closed.
type connLimit struct {
	scarce func(fd uintptr) bool // whether a descriptor is one that is reserved

	mu        sync.Mutex // guards all below
	open      map[net.Conn]*adminConn
	strangers int // requests under way of those who are not trusted
}

// An adminConn is a connection of an Admin.
type adminConn struct {
	busy    bool      // its request is being answered
	since   time.Time // it waits for a request
	trusted bool      // it has had a request of somebody who is trusted
}

func newConnLimit(scarce func(uintptr) bool) *connLimit {
	return &connLimit{scarce: scarce, open: make(map[net.Conn]*adminConn)}
}

// changed follows the state of a connection. A connection is active once the head of a
// request has come, so one with half a head waits.
func (l *connLimit) changed(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c := l.open[conn]; {
	case state == http.StateNew:
		l.admit(conn)
	case c == nil: // it was closed
	case state == http.StateActive:
		c.busy = true
	case state == http.StateIdle:
		c.busy, c.since = false, time.Now()
	default:
		delete(l.open, conn)
	}
}

// admit makes room for a new connection, or closes it. mu must be held.
func (l *connLimit) admit(conn net.Conn) {
	most := maxAdminConns
	if l.scarce != nil && l.scarce(descriptorOf(conn)) {
		most = fewAdminConns
	}
	owner := false
	if unixConn, ok := conn.(*net.UnixConn); ok {
		if peer, err := Peer(unixConn); err == nil && allowed(peer.UID) {
			owner = true
			most += ownerAdminConns
		}
	}
	for len(l.open) >= most {
		if !l.closeWaiting() {
			_ = conn.Close()
			return
		}
	}
	l.open[conn] = &adminConn{since: time.Now(), trusted: owner}
}

// closeWaiting closes the connection that can go first. It returns false if none waits. mu
// must be held.
func (l *connLimit) closeWaiting() bool {
	var first net.Conn
	var what *adminConn
	for conn, c := range l.open {
		if c.busy {
			continue
		}
		if what == nil || !c.trusted && what.trusted || c.trusted == what.trusted && c.since.Before(what.since) {
			first, what = conn, c
		}
	}
	if first == nil {
		return false
	}
	delete(l.open, first)
	_ = first.Close()
	return true
}

// enter counts a request, and reports false if there are too many. leave must be called
// after it otherwise. The places above maxStrangers are kept for those who are trusted.
func (l *connLimit) enter(conn net.Conn, trusted bool) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[conn]; c != nil && trusted {
		c.trusted = true
	}
	if trusted {
		return func() {}, true
	}
	if l.strangers >= maxStrangers {
		return nil, false
	}
	l.strangers++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.strangers--
	}, true
}

// within wraps a handler so that enter decides about each request.
func (l *connLimit) within(trusts func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		leave, ok := l.enter(conn, trusts(r))
		if !ok {
			w.Header().Set("Connection", "close")
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, "too many requests are under way: try again")
			return
		}
		defer leave()
		next.ServeHTTP(w, r)
	})
}

// connKey is the key of a context's value that has the connection of a request.
type connKey struct{}

// descriptorOf returns the descriptor of a connection, or 0.
func descriptorOf(conn net.Conn) (fd uintptr) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(f uintptr) { fd = f }) // it is open
	}
	return fd
}
