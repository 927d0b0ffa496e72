// Package http2 serves connections that speak HTTP/2 (RFC 9113).
//
// The task of a connection sends, and a fork of it takes the frames of the client. What
// they say changes the state of the connection and of its streams, which one lock
// guards. Each stream is a proxy.Client, whose request runs in a job on the loop of the
// connection. golang.org/x/net/http2 parses the frames, and compresses heads.
package http2

import (
	"container/list"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// Options configure a Server. All fields are required.
type Options struct {
	Log *slog.Logger
	// Speaks reports whether a connection has agreed on HTTP/2. It is called
	// when the first bytes of the client have come.
	Speaks func(netloop.Conn) bool
}

// A Server is the handler of a proxy's connections. It serves those that speak
// HTTP/2, and leaves the others to the proxy.
type Server struct {
	p       *proxy.Proxy
	opts    Options
	streams sync.Pool // of *stream
	buffers sync.Pool // of *[bufferSize]byte
	bodies  sync.Pool // of *[bodySize]byte
	outs    sync.Pool // of *[outSize]byte

	restTime time.Duration // after which a client has its last answer; changed by tests only

	mu    sync.Mutex // guards conns and their places; taken after that of a connection
	conns *list.List // of *conn, in the order in which they have last come to rest
}

const (
	bufferSize = 32 << 10 // of what has come on a connection, and of the rest of a large answer
	bodySize   = 16 << 10 // of a part of a request's body
)

// New returns a server in front of p. It is for proxy.Options.Handler.
func New(p *proxy.Proxy, opts Options) *Server {
	s := &Server{p: p, opts: opts, restTime: restTime, conns: list.New()}
	s.streams.New = func() any { return newStream(s) }
	s.buffers.New = func() any { return new([bufferSize]byte) }
	s.bodies.New = func() any { return new([bodySize]byte) }
	s.outs.New = func() any { return new([outSize]byte) }
	return s
}

// Serve serves a connection.
func (s *Server) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict {
	if !s.opts.Speaks(c) {
		return s.p.Serve(t, c)
	}
	k := newConn(s, t, c)
	s.add(k)
	defer s.remove(k)
	if t.Stopping() {
		k.drain(true)
	}
	return k.serve()
}

// Drain makes the connections of a listener end once their streams have, sooner with
// stop. A nil listener stands for all. Any goroutine may call it.
func (s *Server) Drain(ln *netloop.Listener, stop bool) {
	for _, k := range s.all() {
		if ln == nil || k.c.Listener() == ln {
			k.drain(stop)
		}
	}
}

// all returns the connections.
func (s *Server) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*conn, 0, s.conns.Len())
	for e := s.conns.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*conn))
	}
	return all
}

func (s *Server) add(k *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.place = s.conns.PushBack(k)
}

func (s *Server) remove(k *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns.Remove(k.place)
}
