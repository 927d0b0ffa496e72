package http2

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/result"
)

// patience limits every wait of these tests. It is long, because it passes only
// if something is broken.
const patience = 30 * time.Second

// A rig is a proxy in front of workers that a test scripts. Its clients speak
// HTTP/2 without TLS.
type rig struct {
	t      testing.TB
	server *Server
	proxy  *proxy.Proxy
	ln     *netloop.Listener
	addr   string
	pools  map[string]*pool.Pool
	seen   chan result.Result // of every request
	stop   context.CancelFunc
	ended  chan struct{} // closed when the proxy has stopped
}

// eachDriver runs the test with each driver that the system has.
func eachDriver(t *testing.T, test func(t *testing.T, driver string)) {
	for _, d := range netloop.Drivers() {
		t.Run(d, func(t *testing.T) { test(t, d) })
	}
}

// planOf returns a plan with one group for all paths.
func planOf(t testing.TB) *plan.Plan {
	p := &plan.Plan{
		Forwarded: plan.DefaultForwarded, HeaderTimeout: plan.DefaultHeaderTimeout, IdleTimeout: plan.DefaultIdleTimeout,
		StartupTimeout: plan.DefaultStartupTimeout, ShutdownTimeout: plan.DefaultShutdownTimeout,
	}
	rt, err := plan.NewRoute("*", plan.Pos{})
	require.NoError(t, err)
	p.Groups = append(p.Groups, &plan.Group{Name: "default", Instances: 1, MaxRestartsOnCrash: plan.DefaultMaxRestartsOnCrash, Routes: []plan.Route{rt}})
	return p
}

// capped returns planOf with a cap of requests for the worker.
func capped(t testing.TB, n int) *plan.Plan {
	p := planOf(t)
	p.Groups[0].MaxReqPerWorker = n
	return p
}

type observerFunc func(*result.Result)

func (f observerFunc) Observe(r *result.Result) { f(r) }

// newRig runs a proxy by a plan; nil is planOf.
func newRig(t testing.TB, driver string, p *plan.Plan, more ...func(*proxy.Options)) *rig {
	t.Helper()
	if p == nil {
		p = planOf(t)
	}
	r := &rig{t: t, pools: map[string]*pool.Pool{}, seen: make(chan result.Result, 1000), ended: make(chan struct{})}
	opts := proxy.Options{Log: slog.New(slog.DiscardHandler), Driver: driver}
	opts.Observer = observerFunc(func(res *result.Result) {
		select {
		case r.seen <- *res:
		default:
		}
	})
	opts.Handler = func(px *proxy.Proxy) netloop.Handler {
		r.server = New(px, Options{Log: opts.Log, Speaks: func(netloop.Conn) bool { return true }})
		return r.server
	}
	for _, change := range more {
		change(&opts)
	}
	px, err := proxy.New(opts)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.proxy, r.ln, r.addr = px, netloop.NewListener(ln), ln.Addr().String()
	require.NoError(t, px.Listen(r.ln, nil))
	for _, g := range p.Groups {
		r.pools[g.Name] = pool.New(g)
	}
	px.Publish(&proxy.Snapshot{Plan: p,
		Decider: decide.New(p, func(name string) proxy.Target { return proxy.Target{Pool: r.pools[name], Group: p.Group(name)} })})
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() {
		defer close(r.ended)
		assert.NoError(t, px.Run(ctx))
	}()
	t.Cleanup(func() {
		cancel()
		px.Abort()
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Error("the proxy does not end")
		}
	})
	return r
}

// worker adds a worker that serves requests with a handler.
func (r *rig) worker(handler http.HandlerFunc) *pool.Worker {
	r.t.Helper()
	ln, w := r.socket()
	srv := &http.Server{Handler: handler}
	go func() { _ = srv.Serve(ln) }()
	r.t.Cleanup(func() { srv.Close() })
	return w
}

// rawWorker adds a worker that calls handle with each connection.
func (r *rig) rawWorker(handle func(net.Conn, *bufio.Reader)) *pool.Worker {
	r.t.Helper()
	ln, w := r.socket()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c, bufio.NewReader(c))
			}()
		}
	}()
	r.t.Cleanup(func() { ln.Close() })
	return w
}

func (r *rig) socket() (net.Listener, *pool.Worker) {
	sock := filepath.Join(r.t.TempDir(), "w.sock")
	ln, err := net.Listen("unix", sock)
	require.NoError(r.t, err)
	w := pool.NewWorker(r.pools["default"].Ready(), 1, sock)
	r.pools["default"].Swap([]*pool.Worker{w}, nil)
	return ln, w
}

// client returns a client with a connection of its own.
func (r *rig) client() *http.Client {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: p}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

func (r *rig) url(path string) string { return "http://" + r.addr + path }

// soon waits for a condition.
func soon(t testing.TB, cond func() bool, msg string) {
	t.Helper()
	require.Eventually(t, cond, patience, 2*time.Millisecond, msg)
}

// idleAgain waits until the worker has nothing in flight, which shows that no slot is
// lost.
func (r *rig) idleAgain(w *pool.Worker) {
	r.t.Helper()
	soon(r.t, func() bool {
		requests, tunnels := w.InFlight()
		return requests == 0 && tunnels == 0
	}, "a slot is still held")
}

// observed returns the result of the next request.
func (r *rig) observed() result.Result {
	r.t.Helper()
	select {
	case res := <-r.seen:
		return res
	case <-time.After(patience):
		r.t.Fatal("no request was observed")
		return result.Result{}
	}
}

// all reads a body.
func all(t testing.TB, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	b, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(b)
}
