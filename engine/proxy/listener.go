package proxy

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A listener is what a plan says about a listener, in the form in which requests
// need it. It never changes.
type listener struct {
	spec    plan.Listener
	forward forwarder
}

// A door is what the proxy knows about a netloop.Listener, in its Owner.
type door struct {
	// key tells which listener of a plan it is: the key of its address.
	key  atomic.Pointer[string]
	port string // of the socket
	ln   *netloop.Listener
	// last is the listener of the newest snapshot that has it: the one of
	// connections that have outlived it. It is nil before the first one.
	last atomic.Pointer[listener]

	foreign *foreignLog
}

// doors are the listeners that the proxy accepts on.
type doors struct {
	mu  sync.Mutex // guards all
	all map[*door]struct{}
}

// add makes a door for a listener of a plan.
func (d *doors) add(ln *netloop.Listener, of *plan.Listener, log *slog.Logger) *door {
	out := &door{port: ln.Port(), ln: ln, foreign: newForeignLog(log, ln.Name())}
	key := of.Bind.Key()
	out.key.Store(&key)
	out.last.Store(newListener(of, log))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = make(map[*door]struct{})
	}
	d.all[out] = struct{}{}
	return out
}

// port returns the port of a listener; "" if it is not known.
func (d *doors) port(key string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for x := range d.all {
		if *x.key.Load() == key {
			return x.port
		}
	}
	return ""
}

// open returns how many connections each listener has, by its address.
func (d *doors) open() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[string]int, len(d.all))
	for x := range d.all {
		out[x.ln.Name()] += x.ln.Open()
	}
	return out
}

func (d *doors) remove(of *door) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, of)
}

// follow makes the doors remember their listeners in a snapshot.
func (d *doors) follow(s *Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for x := range d.all {
		if l := s.listeners[*x.key.Load()]; l != nil {
			x.last.Store(l)
		}
	}
}

func newListener(of *plan.Listener, log *slog.Logger) *listener {
	return &listener{spec: *of, forward: newForwarder(of.Forwarded, of.TrustedProxies, log)}
}

// setListeners compiles the listeners of the plan. Peers that were logged because
// of the snapshot before are not logged again.
func (s *Snapshot) setListeners(before *Snapshot, log *slog.Logger) {
	s.elsewhere = &listener{forward: newForwarder(s.Plan.Forwarded, s.Plan.TrustedProxies, log)}
	s.listeners, s.secure = make(map[string]*listener, len(s.Plan.Listeners)), s.Plan.OnlyTLS()
	if before != nil {
		s.elsewhere.forward.follows(&before.elsewhere.forward)
	}
	for i := range s.Plan.Listeners {
		of := &s.Plan.Listeners[i]
		l, key := newListener(of, log), of.Bind.Key()
		if before != nil && before.listeners[key] != nil {
			l.forward.follows(&before.listeners[key].forward)
		}
		l.forward.follows(&s.elsewhere.forward)
		s.listeners[key] = l
	}
}

// httpsPort returns the port of the only listener with TLS; "" if there are several,
// or none.
func (s *Snapshot) httpsPort(all *doors) string {
	if s.secure == nil {
		return ""
	}
	if port := s.secure.Bind.Port(); port != "" {
		return port
	}
	return all.port(s.secure.Bind.Key()) // the system or the service manager has chosen it
}

// listener returns what the snapshot says about a listener, or what the newest one
// that has it said. A nil ln has the settings of the plan.
func (s *Snapshot) listener(ln *netloop.Listener) *listener {
	if ln == nil {
		return s.elsewhere
	}
	d, ok := ln.Owner.(*door)
	if !ok {
		return s.elsewhere
	}
	if l := s.listeners[*d.key.Load()]; l != nil {
		return l
	}
	return d.last.Load()
}

// Listen takes over a listener and serves its clients from when Run runs: with the
// settings that each snapshot has for a listener with the address of the given one,
// and with those of the given one until there is such a snapshot. With a nil plan
// listener, it has the settings of the plan itself. A layer that the listener has
// stands above the PROXY protocol. Listen fails once the proxy has begun to stop, and
// closes the listener then. Any goroutine may call it.
func (p *Proxy) Listen(ln *netloop.Listener, of *plan.Listener) error {
	if of == nil {
		return p.driver.Add(ln)
	}
	d := p.doors.add(ln, of, p.opts.Log)
	ln.Owner = d
	p.nameClients(ln)
	if err := p.driver.Add(ln); err != nil {
		p.doors.remove(d)
		return err
	}
	return nil
}

// Connections returns how many connections of clients each listener has, by its address.
// It leaves out listeners that Leave has closed. Any goroutine may call it.
func (p *Proxy) Connections() map[string]int { return p.doors.open() }

// Rename says that later snapshots have the listener under another address, which is
// a different way to write that of the socket.
func (p *Proxy) Rename(ln *netloop.Listener, bind plan.Bind) {
	d, ok := ln.Owner.(*door)
	if !ok {
		return
	}
	key := bind.Key()
	d.key.Store(&key)
	if s := p.snap.Load(); s != nil {
		p.doors.follow(s)
	}
}
