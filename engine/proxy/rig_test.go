package proxy

import (
	"context"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
)

// patience limits every wait of these tests. It is long, because it passes only
// if something is broken.
const patience = 30 * time.Second

// A rig is a proxy on a loopback port in front of workers that a test scripts.
type rig struct {
	t     testing.TB
	proxy *Proxy
	addr  string
	plan  *plan.Plan
	pools map[string]*pool.Pool
	rates ratelimit.Limits
	stop  context.CancelFunc
	ran   chan error
}

// eachDriver runs the test with each driver that the system has.
func eachDriver(t *testing.T, test func(t *testing.T, driver string)) {
	for _, d := range netloop.Drivers() {
		t.Run(d, func(t *testing.T) { test(t, d) })
	}
}

// countsAllocations skips a test of allocations where not only the proxy makes some.
// "make test" runs it without the race detector, too, which it knows by its name.
func countsAllocations(t *testing.T) {
	t.Helper()
	require.Contains(t, t.Name(), "Allocate")
	if raceEnabled || !slices.Contains(netloop.Drivers(), "epoll") {
		t.Skip("the race detector allocates, and so does the goroutine driver")
	}
}

// newRig runs a proxy with the pools of a plan, all without workers. A nil plan
// has one pool, "default", for every path.
func newRig(t testing.TB, driver string, p *plan.Plan, more ...func(*Options)) *rig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return newRigOn(t, driver, p, ln, more...)
}

// newRigOn is newRig on a given listener.
func newRigOn(t testing.TB, driver string, p *plan.Plan, ln net.Listener, more ...func(*Options)) *rig {
	t.Helper()
	if p == nil {
		p = planOf(t, map[string]string{"default": "*"})
	}
	opts := Options{Log: slog.New(slog.DiscardHandler), Driver: driver}
	for _, change := range more {
		change(&opts)
	}
	px, err := New(opts)
	require.NoError(t, err)
	listener := netloop.NewListener(ln)
	if underLayer {
		listener.Layer = func(netloop.Conn, func()) netloop.Layer { return new(plainLayer) }
	}
	require.NoError(t, px.Listen(listener, nil))
	r := &rig{t: t, proxy: px, addr: ln.Addr().String(), plan: p, pools: map[string]*pool.Pool{}, ran: make(chan error, 1)}
	for _, g := range p.Groups {
		r.pools[g.Name] = pool.New(g)
	}
	r.publish()
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.ran <- px.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		px.Abort()
		select {
		case err := <-r.ran:
			assert.NoError(t, err)
		case <-time.After(patience):
			t.Error("the proxy does not end")
		}
	})
	return r
}

func (r *rig) publish() {
	r.proxy.Publish(&Snapshot{Plan: r.plan, Limits: r.rates.Publish(r.plan),
		Decider: decide.New(r.plan, func(name string) Target { return Target{r.pools[name], r.plan.Group(name)} })})
}

// inHand returns the oldest requests in hand, and how many there are.
func (r *rig) inHand(limit int) ([]InHand, int) {
	all := r.proxy.InHand(HandQuery{Limit: limit})
	return all.Requests, all.Total
}

// planOf returns a plan with a group for each name, and with defaults.
func planOf(t testing.TB, routes map[string]string) *plan.Plan {
	t.Helper()
	p := &plan.Plan{
		Forwarded: plan.DefaultForwarded, HeaderTimeout: plan.DefaultHeaderTimeout, IdleTimeout: plan.DefaultIdleTimeout,
		StartupTimeout: plan.DefaultStartupTimeout, ShutdownTimeout: plan.DefaultShutdownTimeout,
	}
	for name, pattern := range routes {
		rt, err := plan.NewRoute(pattern, plan.Pos{})
		require.NoError(t, err)
		p.Groups = append(p.Groups, &plan.Group{Name: name, Instances: 1, MaxRestartsOnCrash: plan.DefaultMaxRestartsOnCrash, Routes: []plan.Route{rt}})
	}
	return p
}

// soon waits for a condition.
func soon(t testing.TB, cond func() bool, msg string, args ...any) {
	t.Helper()
	require.Eventually(t, cond, patience, 2*time.Millisecond, append([]any{msg}, args...)...)
}

// idleAgain waits until no worker has anything in flight, which shows that no
// slot is lost.
func (r *rig) idleAgain(workers ...*upstream) {
	r.t.Helper()
	for _, u := range workers {
		soon(r.t, func() bool {
			requests, tunnels := u.worker.InFlight()
			return requests == 0 && tunnels == 0
		}, "a slot is still held")
	}
}

var (
	requestIDLine = regexp.MustCompile(`X-Request-ID: [0-9a-f]{16}\r\n`)
	dateLine      = regexp.MustCompile(`Date: [^\r]*\r\n`)
	idText        = regexp.MustCompile(`(request id: |"request_id":")[0-9a-f]{16}`)
)

// plain replaces ids and dates, which differ in each run.
func plain(s string) string {
	s = requestIDLine.ReplaceAllString(s, "X-Request-ID: ID\r\n")
	s = idText.ReplaceAllString(s, "${1}ID")
	return dateLine.ReplaceAllString(s, "Date: NOW\r\n")
}
