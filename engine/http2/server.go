// Package http2 serves connections that speak HTTP/2 (RFC 9113).
//
// The server of net/http does what the protocol needs: frames, header
// compression, flow control, and most defenses. It serves a connection that is
// in memory. A task of the proxy's driver moves the bytes between that
// connection and the client's socket. Each stream is a proxy.Client, whose
// request runs in a job on the loop of the connection.
package http2

import (
	"container/list"
	"context"
	"log"
	"log/slog"
	"strings"
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
	errors  *log.Logger // of net/http
	streams sync.Pool   // of *stream
	buffers sync.Pool   // of *[bufferSize]byte
	bodies  sync.Pool   // of *[bodySize]byte

	restTime time.Duration // after which a client has its last answer; changed by tests only

	first sync.Once // for the first connection
	floor []byte    // see floorSize

	mu    sync.Mutex // guards conns
	conns *list.List // of *conn, in the order in which they have last come to rest
}

// floorSize is the size of memory that is never used, so that the system never
// provides it. The garbage collector only sees that the heap is larger by it, and lets
// that much garbage gather before it runs. net/http leaves some kilobytes of garbage
// for each request; with a heap of a few megabytes, as the master's is otherwise, the
// collector would run many times a second.
const floorSize = 16 << 20

const (
	bufferSize = 32 << 10 // of the bytes of a connection, for each direction
	bodySize   = 16 << 10 // of a part of a request's body
)

// New returns a server in front of p. It is for proxy.Options.Handler.
func New(p *proxy.Proxy, opts Options) *Server {
	s := &Server{p: p, opts: opts, restTime: restTime, conns: list.New()}
	s.errors = log.New(&errorLog{opts.Log}, "", 0)
	s.streams.New = func() any { return newStream(s) }
	s.buffers.New = func() any { return new([bufferSize]byte) }
	s.bodies.New = func() any { return new([bodySize]byte) }
	return s
}

// Serve serves a connection.
func (s *Server) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict {
	if !s.opts.Speaks(c) {
		return s.p.Serve(t, c)
	}
	s.first.Do(func() { s.floor = make([]byte, floorSize) })
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.conns.Front(); e != nil; e = e.Next() {
		if k := e.Value.(*conn); ln == nil || k.c.Listener() == ln {
			k.drain(stop)
		}
	}
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

// An errorLog logs what net/http reports: panics, and faults of clients, which
// are of interest only to those who look for them.
type errorLog struct{ log *slog.Logger }

func (l *errorLog) Write(p []byte) (int, error) {
	level := slog.LevelDebug
	if strings.Contains(string(p), "panic") {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "HTTP/2 connection", slog.String("err", strings.TrimSpace(string(p))))
	return len(p), nil
}

// The time between the two GOAWAY frames of a drain (RFC 9113 section 6.8): what
// a client has sent before it gets the first one is served.
const (
	drainTime = time.Second
	stopTime  = 200 * time.Millisecond // when everything stops
)

// restTime is how long a connection must have rested before its client needs no more
// time to take the last answer.
const restTime = time.Second
