package engine

import (
	"cmp"
	"crypto/tls"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/acme"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/http2"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// protocols are those of ALPN that listeners with TLS speak, the preferred one first.
var protocols = []string{protocolHTTP2, "http/1.1"}

const protocolHTTP2 = "h2"

// speakHTTP2 returns the handler of a proxy whose clients with TLS can speak HTTP/2.
func speakHTTP2(log *slog.Logger) func(*proxy.Proxy) netloop.Handler {
	return func(px *proxy.Proxy) netloop.Handler {
		return http2.New(px, http2.Options{Log: log, Speaks: hasHTTP2})
	}
}

// hasHTTP2 reports whether the handshake of a connection has agreed on HTTP/2.
func hasHTTP2(c netloop.Conn) bool {
	s := tlslayer.SessionOf(c)
	return s != nil && s.Protocol == protocolHTTP2
}

// newKeeper returns the keeper of the certificates of a master.
func newKeeper(log *slog.Logger, tell *telemetry, issued certs.Issuer) *certs.Keeper {
	return certs.NewKeeper(certs.Options{Log: log, Events: &tell.events, Issuer: issued, Protocols: protocols})
}

// newIssued returns the manager of the certificates that come from issuers.
func (e *Engine) newIssued(tell *telemetry) *acme.Manager {
	return acme.New(acme.Options{Log: e.log, Events: &tell.events, UserAgent: "ldcorn/" + e.opts.Version})
}

// tlsOf returns what the listeners of a plan say about TLS, by the keys of their
// addresses.
func tlsOf(p *plan.Plan) map[string][]plan.TLS {
	out := make(map[string][]plan.TLS)
	for i := range p.Listeners {
		out[p.Listeners[i].Bind.Key()] = p.Listeners[i].TLS
	}
	return out
}

// clientAuth says whether clients of a listener must show certificates, as
// api.Listener does.
func clientAuth(all []plan.TLS) string {
	word := func(t plan.TLS) string { return cmp.Or(string(t.ClientAuth), "none") }
	if len(all) == 0 {
		return "none"
	}
	for _, t := range all {
		if word(t) != word(all[0]) {
			return "mixed"
		}
	}
	return word(all[0])
}

// adviseTLS adds the advice of an error of a certificate.
func adviseTLS(err error) error {
	if e := (*certs.Error)(nil); errors.As(err, &e) && e.Hint != "" {
		return &worker.Advised{Err: err, Hint: e.Hint}
	}
	return err
}

// A secured puts TLS under the connections of listeners.
type secured struct {
	keeper     *certs.Keeper
	handshakes *tlslayer.Handshakes
	timeout    func() time.Duration
	count      func(tlslayer.Result, certs.RefusalReason)
	log        *slog.Logger
}

// newSecured returns a secured for the listeners of px. A handshake may take as long as
// the head of a request. count gets the result of each, see metrics.TLS.Observe.
func newSecured(keeper *certs.Keeper, p *procs, px *proxy.Proxy, count func(tlslayer.Result, certs.RefusalReason), log *slog.Logger) *secured {
	busy := &lingering{begin: p.widen}
	timeout := func() time.Duration { return px.Snapshot().Plan.HeaderTimeout }
	return &secured{keeper, tlslayer.NewHandshakes(runtime.GOMAXPROCS(0), busy.use), timeout, count, log}
}

// line makes a listener, with the address that a plan has for it, speak TLS whenever
// the certificates say so. The caller must call rename if the plan has another address
// for the same socket.
func (s *secured) line(ln *netloop.Listener, bind plan.Bind) (rename func(plan.Bind)) {
	var store atomic.Pointer[certs.Store]
	rename = func(bind plan.Bind) { store.Store(s.keeper.Store(bind.Key())) }
	rename(bind)
	config := func() *tls.Config { return store.Load().Config() }
	clients := newClientLog(s.log, ln.Name())
	observe := func(r tlslayer.Result) { s.count(r, clients.note(r)) }
	layer := tlslayer.New(tlslayer.Options{Config: config, Handshakes: s.handshakes, Timeout: s.timeout, Observe: observe})
	ln.Layer = func(c netloop.Conn, wake func()) netloop.Layer {
		if !store.Load().Active() {
			return nil
		}
		return layer(c, wake)
	}
	return rename
}

// lingerBusy is how long processors stay available after the last handshake. Making
// them available stops the program for a moment, which not each one of a row of
// handshakes should do. Meanwhile, requests cost more, most of all over HTTP/2, where
// the goroutines of net/http wake threads for each other.
const lingerBusy = 50 * time.Millisecond

// A lingering keeps something begun for some time after its last use.
type lingering struct {
	begin func() (done func())

	mu    sync.Mutex // guards the fields below
	users int
	done  func() // nil = not begun
	timer *time.Timer
}

// use begins to use it. The caller must call done.
func (l *lingering) use() (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users++; l.done == nil {
		l.done = l.begin()
	}
	return l.leave
}

func (l *lingering) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(lingerBusy, l.end)
		return
	}
	l.timer.Reset(lingerBusy)
}

func (l *lingering) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users == 0 && l.done != nil {
		l.done()
		l.done = nil
	}
}

// keptTexts says why certificates could not be read again.
func keptTexts(kept []*certs.Error) (out []string) {
	for _, e := range kept {
		out = append(out, e.Error())
	}
	return out
}
