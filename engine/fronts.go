package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// fronts are the sockets that a configuration names: those of the listeners, for
// clients, and the admin listener. They belong to the goroutine that reloads, except
// for shown.
type fronts struct {
	public []*front // in the order of the plan
	admin  *front
	passed passedSockets
	certs  *certs.Keeper
	// clients is the front.listen of new listeners; nil before there is a proxy.
	clients func(*opened) (*service, error)

	shown atomic.Pointer[[]api.Listener] // the present listeners
	watch atomic.Pointer[string]         // the address of the present admin listener, or ""
}

// openFronts opens the sockets of a plan. The caller must close the fronts. They
// accept nothing yet.
func openFronts(p *plan.Plan, passed passedSockets, keeper *certs.Keeper) (*fronts, error) {
	f := &fronts{admin: &front{argument: "admin"}, passed: passed, certs: keeper}
	ms, err := f.prepare(p)
	if err != nil {
		return nil, err
	}
	return f, ms.take()
}

// begin accepts connections on the sockets of the listeners.
func (f *fronts) begin(clients func(*opened) (*service, error)) error {
	f.clients = clients
	for _, x := range f.public {
		x.listen = clients
		if err := x.begin(); err != nil {
			return err
		}
	}
	return nil
}

// beginAdmin does the same for the admin listener.
func (f *fronts) beginAdmin(listen func(*opened) (*service, error)) error {
	f.admin.listen = listen
	return f.admin.begin()
}

// close closes the sockets. The proxy and the admin listener have closed them
// already, unless they never ran.
func (f *fronts) close() {
	for _, x := range f.all() {
		if x.now != nil {
			x.now.Close()
		}
	}
	f.passed.close()
}

func (f *fronts) all() []*front { return append(slices.Clone(f.public), f.admin) }

// prepare opens the sockets that the plan names and that are not open yet. The
// caller must call take or giveBack.
func (f *fronts) prepare(p *plan.Plan) (*moves, error) {
	ms := &moves{fronts: f}
	if err := ms.prepare(p); err != nil {
		ms.giveBack()
		return nil, err
	}
	return ms, nil
}

// find returns the front whose socket has an address, or nil.
func (f *fronts) find(bind plan.Bind) *front {
	for _, x := range f.public {
		if x.now.bind.Key() == bind.Key() {
			return x
		}
	}
	for _, x := range f.public {
		if x.now.is(bind) {
			return x
		}
	}
	return nil
}

// addrs returns the addresses of the listeners.
func (f *fronts) addrs() []net.Addr {
	out := make([]net.Addr, len(f.public))
	for i, x := range f.public {
		out[i] = x.now.Addr()
	}
	return out
}

// publish tells others which listeners there are.
func (f *fronts) publish() {
	out := make([]api.Listener, len(f.public))
	for i, x := range f.public {
		out[i] = api.Listener{Bind: x.now.bind.String(), Address: address(x.now), ProxyProtocol: x.now.of.ProxyProtocol, TLS: len(x.now.of.TLS) > 0, ClientAuth: clientAuth(x.now.of.TLS), RedirectHTTPS: x.now.of.RedirectHTTPS}
	}
	f.shown.Store(&out)
	admin := ""
	if f.admin.now != nil {
		admin = address(f.admin.now)
	}
	f.watch.Store(&admin)
}

// administered returns the address of the present admin listener, or "" if there is none.
// It is safe to call from any goroutine.
func (f *fronts) administered() string { return *f.watch.Load() }

// listening returns the present listeners. It is safe to call from any goroutine.
func (f *fronts) listening() []api.Listener { return *f.shown.Load() }

// moves are the changes that a reload makes to the fronts.
type moves struct {
	fronts *fronts
	certs  *certs.Next
	public []*move // in the order of the plan
	gone   []*move // listeners that the plan does not have
	admin  *move
}

func (ms *moves) prepare(p *plan.Plan) error {
	f := ms.fronts
	var err error
	if ms.certs, err = f.certs.Prepare(tlsOf(p)); err != nil {
		return adviseTLS(err)
	}
	for i := range p.Listeners {
		l := &p.Listeners[i]
		w := wish{argument: "bind", bind: l.Bind, file: socketFile{mode: l.Mode, owner: l.Owner}, of: l}
		if f.admin.now.is(l.Bind) {
			return usesAlready(&w, f.admin)
		}
		x := f.find(l.Bind)
		if x == nil {
			x = &front{argument: w.argument, listen: f.clients}
		}
		if slices.ContainsFunc(ms.public, func(m *move) bool { return m.front == x || m.opened && m.to.is(l.Bind) }) {
			return twice(&w)
		}
		if err := ms.add(&ms.public, x, &w); err != nil {
			return err
		}
	}
	for _, x := range f.public {
		if x.now.is(p.Admin) {
			return usesAlready(&wish{argument: "admin", bind: p.Admin}, x)
		}
		if !slices.ContainsFunc(ms.public, func(m *move) bool { return m.front == x }) {
			ms.gone = append(ms.gone, &move{front: x})
		}
	}
	var admin []*move
	if err := ms.add(&admin, f.admin, &wish{argument: "admin", bind: p.Admin}); err != nil {
		return err
	}
	ms.admin = admin[0]
	return nil
}

// add prepares a move of a front.
func (ms *moves) add(to *[]*move, x *front, w *wish) error {
	m, err := x.prepare(w, ms.own(), ms.fronts.passed)
	if err != nil {
		return err
	}
	*to = append(*to, m)
	if !m.opened || !ms.takesClients(m.to) {
		return nil
	}
	// Clients of another socket reach the new one from now on. They do not wait
	// for the end of the reload, which may fail.
	return m.serve()
}

// takesClients reports whether a new socket takes clients from one that accepts
// connections.
func (ms *moves) takesClients(next *opened) bool {
	return slices.ContainsFunc(ms.fronts.all(), func(x *front) bool {
		return x.service != nil && x.now != nil && takesFrom(next.Listener, x.now.Listener)
	})
}

// own returns the sockets that this master has open.
func (ms *moves) own() (out []*opened) {
	for _, x := range ms.fronts.all() {
		if x.now != nil {
			out = append(out, x.now)
		}
	}
	for _, m := range ms.public {
		if m.opened {
			out = append(out, m.to)
		}
	}
	return out
}

// usesAlready is the error for an address that another argument has.
func usesAlready(w *wish, x *front) error {
	return fmt.Errorf("%s %q: this master uses the address for %s = %q; change that in a reload of its own first", w.argument, w.bind, x.argument, x.now.bind)
}

// twice is the error for two listeners with one socket.
func twice(w *wish) error {
	return &worker.Advised{Err: fmt.Errorf("%s %q: another listener has this address in other words", w.argument, w.bind), Hint: "remove one of them"}
}

// take puts the moves into effect: every new socket accepts, and then the old ones
// are closed, all at the same time.
func (ms *moves) take() (err error) {
	f := ms.fronts
	ms.certs.Take()
	all := slices.Concat(ms.public, ms.gone, []*move{ms.admin})
	for _, m := range all {
		err = errors.Join(err, m.serve())
	}
	var leaving sync.WaitGroup
	for _, m := range all {
		leave, takeErr := m.take()
		err = errors.Join(err, takeErr)
		if leave != nil {
			leaving.Go(leave)
		}
	}
	f.public = nil
	for _, m := range ms.public {
		f.public = append(f.public, m.front)
	}
	f.publish()
	leaving.Wait()
	return err
}

// giveBack closes the sockets that prepare has opened.
func (ms *moves) giveBack() {
	var leaving sync.WaitGroup
	for _, m := range append(slices.Clone(ms.public), ms.admin) {
		if m != nil {
			leaving.Go(m.giveBack)
		}
	}
	leaving.Wait()
}

// clientsOf returns the front.listen of the listeners.
func clientsOf(px *proxy.Proxy, secure *secured, log *slog.Logger, begun func() bool) func(*opened) (*service, error) {
	return func(o *opened) (*service, error) {
		ln := netloop.NewListener(o.Listener)
		rename := secure.line(ln, o.bind)
		if err := px.Listen(ln, o.of); err != nil {
			return nil, err
		}
		if begun() { // serve logs it for the first ones
			log.Info("listening", "addr", ln.Name(), "driver", px.Driver())
		}
		leave := func() {
			o.retire()
			px.Leave(ln)
			select {
			case <-ln.Closed():
				log.Info("no longer listening", "addr", ln.Name())
			case <-px.Drained(): // the proxy has closed all of them, or never ran
			}
		}
		return &service{leave: leave, rename: func(bind plan.Bind) {
			rename(bind)
			px.Rename(ln, bind)
		}}, nil
	}
}
