// Package proxy owns the client connections: it reads requests, finds their pool,
// claims a slot, and relays request and answer between the client and a worker. It
// starts no workers, and waits for one only in the queue of a pool.
package proxy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/affinity"
	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/static"
)

// A Snapshot is the plan that requests are served by, with its decider. It never
// changes; a reload publishes another.
type Snapshot struct {
	Plan    *plan.Plan
	Decider *decide.Decider[Target] // of Plan
	Limits  *ratelimit.Set          // of Plan; nil if it has none

	elsewhere    *listener                   // for requests of no listener of the plan
	listeners    map[string]*listener        // of the plan, by the keys of their addresses
	secure       *plan.Listener              // the only one with TLS, if there is one
	folders      []*static.Folder            // of Plan.Statics, in their order
	issuers      map[string]*affinity.Issuer // by group, of those with by_issued
	limits       http1.Limits                // of a request's head
	answerLimits http1.Limits                // of an answer's
	logsAnswers  bool                        // see plan.Plan.LogsAnswers
	hits         *hits                       // of Plan
}

// LogAnswers says whether the access log wants headers of answers although the plan does
// not, as plan.Plan.LogsAnswers would say it. Any goroutine may call it.
func (p *Proxy) LogAnswers(want bool) { p.logsAnswers.Store(want) }

// Options configure a Proxy. Log is required.
type Options struct {
	Log *slog.Logger
	// Driver names the connection driver, one of netloop.Drivers, or "" for
	// the best that the system has.
	Driver string
	// Stall is the time over which a client that sends a body, or reads an
	// answer, must keep to netloop.MinRate; 0 = 60 s.
	Stall time.Duration
	// Handler returns the handler of connections, which calls Serve of the Proxy
	// for those that speak HTTP/1; nil = all of them do. It can be a Drainer.
	Handler func(*Proxy) netloop.Handler
	// Buffers is where bodies wait; nil = a Space of the proxy's own.
	Buffers *buffer.Space
	// Files is where the files of statics come from; nil = a Set of the proxy's own.
	Files *static.Set
	// Challenge returns the answer to an issuer of certificates that asks for a token,
	// or nil for all others. It must not wait. nil = there is no issuer.
	Challenge func(token []byte) []byte
	// Observer is told of every request; nil is nobody.
	Observer result.Observer
	// SlowEnded is told of the end of each request that was in a result of
	// Proxy.Slow. Event loops call it, so it must not wait. nil = nobody is told.
	SlowEnded func(SlowEnd)
}

// A Proxy serves clients on a set of listeners.
type Proxy struct {
	opts    Options
	driver  netloop.Driver
	drainer Drainer       // nil = none
	stall   time.Duration // Options.Stall, or its default
	snap    atomic.Pointer[Snapshot]
	drained chan struct{}
	dropped droppedNames
	reserve atomic.Int64 // file descriptors that connections leave to others
	ids     idSource
	seatKey []byte // signs cookies that name a seat, unless the configuration has a key
	buffers *buffer.Space
	files   *static.Set

	logsAnswers atomic.Bool // see LogAnswers

	hands []handList

	slowNumber uint64 // the last number of Slow, which one goroutine at a time calls

	doors   doors
	clients sync.Pool // of *http1Client
	bodies  sync.Pool // of *[bodyBuffer]byte
	firsts  sync.Pool // of *[firstBuffer]byte

	departing atomic.Bool // Depart was called
	aborted   atomic.Bool // what has not ended is cut, through no fault of its client or worker
	refused   refusalCounts
}

// New returns a proxy that serves nothing yet. It fails on a driver that
// this system does not have.
func New(opts Options) (*Proxy, error) {
	p := &Proxy{opts: opts, stall: cmp.Or(opts.Stall, defaultStall), drained: make(chan struct{}), ids: newIDSource(), seatKey: affinity.NewKey(),
		buffers: cmp.Or(opts.Buffers, buffer.NewSpace(opts.Log)), files: cmp.Or(opts.Files, static.New(opts.Log))}
	p.dropped.log = opts.Log
	p.clients.New = func() any { return newHTTP1Client(p) }
	p.bodies.New = func() any { return new([bodyBuffer]byte) }
	p.firsts.New = func() any { return new([firstBuffer]byte) }
	handler := netloop.Handler(p)
	if opts.Handler != nil {
		handler = opts.Handler(p)
	}
	p.drainer, _ = handler.(Drainer)
	driver, err := netloop.New(opts.Driver, netloop.Options{
		Handler: handler, Log: opts.Log, FirstWait: p.firstWait, OnPanic: p.onPanic,
		Reserve: func() int { return int(p.reserve.Load()) },
	})
	if err != nil {
		return nil, err
	}
	p.driver = driver
	for i, loop := range driver.Loops() {
		p.hands = append(p.hands, handList{loop: loop, index: i})
	}
	return p, nil
}

// Publish makes later requests use a snapshot. It must be called once before Run.
func (p *Proxy) Publish(s *Snapshot) {
	s.issuers = issuersOf(s.Plan, p.seatKey)
	s.setListeners(p.snap.Load(), p.opts.Log)
	s.limits, s.answerLimits = limitsOf(s.Plan), answerLimitsOf(s.Plan)
	s.logsAnswers = s.Plan.LogsAnswers()
	p.reserve.Store(int64(reserveOf(s.Plan)))
	p.buffers.Configure(bufferLimits(s.Plan))
	s.folders = p.files.Configure(s.Plan.Statics, static.Limits{Files: staticFiles(s.Plan)})
	s.hits = newHits(s.Plan, len(p.hands), p.Hits())
	p.snap.Store(s)
	p.doors.follow(s)
}

// Leave closes a listener, once whoever waits in its backlog is accepted. Its
// connections finish what they have. One at rest is not cut, since a request
// may be on its way: the answer to the next one says that the connection ends,
// or idle_timeout ends it. Any goroutine may call it.
func (p *Proxy) Leave(ln *netloop.Listener) {
	if d, ok := ln.Owner.(*door); ok {
		p.doors.remove(d)
	}
	if ln.Settle() {
		time.AfterFunc(netloop.SettleTime, func() { p.remove(ln) })
		return
	}
	p.remove(ln)
}

func (p *Proxy) remove(ln *netloop.Listener) {
	p.driver.Remove(ln)
	p.drain(ln, false)
}

// A Drainer is a Handler that has to be told that connections are to end: the next
// answer on them cannot say so.
type Drainer interface {
	// Drain is called after a listener has begun to leave; with nil, when clients
	// of all listeners should leave, and again, with stop, when everything stops. It
	// must not wait. Connections that begin later find out themselves.
	Drain(ln *netloop.Listener, stop bool)
}

func (p *Proxy) drain(ln *netloop.Listener, stop bool) {
	if p.drainer != nil {
		p.drainer.Drain(ln, stop)
	}
}

// Depart makes clients leave while the proxy goes on serving: the answer to ready_path
// is that the server stops, and every answer ends its connection. It cannot be taken
// back. Any goroutine may call it.
func (p *Proxy) Depart() {
	p.departing.Store(true)
	p.drain(nil, false)
}

// Departing reports whether Depart was called.
func (p *Proxy) Departing() bool { return p.departing.Load() }

// Run serves until ctx is done. Then it closes the listeners and the resting
// connections, and finishes the requests in flight for at most the plan's
// shutdown_timeout. Drained tells when that is done; websockets are left to
// the workers, which close them with a proper code when they are stopped, and
// Run returns when the last one has ended.
func (p *Proxy) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- p.driver.Run() }()
	select {
	case err := <-done:
		close(p.drained)
		return err
	case <-ctx.Done():
	}
	p.driver.Shutdown()
	p.drain(nil, true)
	grace := time.NewTimer(p.snap.Load().Plan.ShutdownTimeout)
	defer grace.Stop()
	select {
	case <-p.driver.Quiet():
	case <-grace.C:
		p.opts.Log.Warn("cutting requests still in flight", slog.String("reason", "shutdown_timeout is over"))
		p.Abort()
	}
	close(p.drained)
	if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// CheckRoom fails if this process has so many files open that it could hardly serve
// a client. It is called after Publish and before Run.
func (p *Proxy) CheckRoom() error {
	return netloop.CheckRoom(func() int { return int(p.reserve.Load()) })
}

// Reserved reports whether a descriptor is one of those that are kept for other uses than
// connections. Any goroutine may call it.
func (p *Proxy) Reserved(fd uintptr) bool {
	return netloop.Reserved(fd, func() int { return int(p.reserve.Load()) })
}

// Close ends a proxy on which Run was never called, so that nobody waits for it.
func (p *Proxy) Close() { close(p.drained) }

// Abort cuts what Run is still finishing after the end of its context. Any goroutine
// may call it.
func (p *Proxy) Abort() {
	p.aborted.Store(true)
	p.driver.Abort()
}

// Drained is closed when Run has stopped serving and nothing but websockets is in
// flight, so that the workers can be stopped.
func (p *Proxy) Drained() <-chan struct{} { return p.drained }

// Procs returns how many processors the connections can make use of.
func (p *Proxy) Procs() int { return p.driver.Procs() }

// Driver returns the name of the connection driver in use.
func (p *Proxy) Driver() string { return p.driver.Name() }

// Stall returns the time over which a client must keep to netloop.MinRate.
func (p *Proxy) Stall() time.Duration { return p.stall }

func (p *Proxy) firstWait() time.Duration { return p.snap.Load().Plan.IdleTimeout }

func (p *Proxy) onPanic(v any, stack []byte) {
	p.opts.Log.Error("panic while serving a connection; it was closed", slog.Any("err", v), slog.String("stack", string(stack)))
}
