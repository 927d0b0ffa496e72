package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A servingRig has fronts whose clients a proxy serves. It has no workers: every
// listener redirects.
type servingRig struct {
	*fronts
	t  testing.TB
	px *proxy.Proxy
}

// redirecting returns a plan with listeners that redirect.
func redirecting(binds ...plan.Bind) *plan.Plan {
	p := &plan.Plan{Forwarded: plan.ForwardedSet, HeaderTimeout: patience, IdleTimeout: patience, ShutdownTimeout: patience}
	p.Listeners = listeners(binds...)
	for i := range p.Listeners {
		p.Listeners[i].RedirectHTTPS = true
	}
	return p
}

func serving(t testing.TB, driver string, p *plan.Plan) *servingRig {
	t.Helper()
	px, err := proxy.New(proxy.Options{Log: slog.New(slog.DiscardHandler), Driver: driver})
	require.NoError(t, err)
	f, err := openFronts(p, nil, newKeeper(slog.New(slog.DiscardHandler), new(telemetry), nil))
	require.NoError(t, err)
	r := &servingRig{fronts: f, t: t, px: px}
	require.NoError(t, f.begin(clientsOf(px, newSecured(f.certs, new(procs), px, func(tlslayer.Result, certs.RefusalReason) {}, slog.New(slog.DiscardHandler)), slog.New(slog.DiscardHandler), func() bool { return true })))
	r.publish(p)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- px.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ran)
		f.close()
	})
	return r
}

func (r *servingRig) publish(p *plan.Plan) {
	r.px.Publish(&proxy.Snapshot{Plan: p, Decider: decide.New(p, func(string) proxy.Target { return proxy.Target{} })})
}

// reload does what a reload does to the listeners.
func (r *servingRig) reload(p *plan.Plan) {
	r.t.Helper()
	m, err := r.prepare(p)
	require.NoError(r.t, err)
	r.publish(p)
	require.NoError(r.t, m.take())
}

// ask sends a request on a new connection, and returns the status of the answer.
func ask(bind plan.Bind) (status int, err error) {
	c, err := net.Dial(bind.Network, bind.Address)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errAbsent, err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"); err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(string(answer), "HTTP/1.1 %d ", &status); err != nil {
		return 0, fmt.Errorf("%w: %q", err, answer)
	}
	return status, nil
}

// errAbsent means that nobody listens.
var errAbsent = errors.New("nobody listens")

// TestFronts_Exchange exchanges listeners many times, while clients connect to
// all of them. Whoever can connect is served: a listener that goes takes who waits.
func TestFronts_Exchange(t *testing.T) {
	for _, driver := range netloop.Drivers() {
		t.Run(driver, func(t *testing.T) {
			reloads := 1000
			if driver == "goroutine" { // it waits a little for each
				reloads = 100
			}
			dir := socketDir(t)
			var binds []plan.Bind
			for _, name := range []string{"stays", "a", "b", "c"} {
				binds = append(binds, sock(filepath.Join(dir, name)))
			}
			r := serving(t, driver, redirecting(binds[0], binds[1]))
			var over atomic.Bool
			var served [4]atomic.Int64
			var clients sync.WaitGroup
			for i, bind := range binds {
				clients.Go(func() {
					for !over.Load() {
						switch status, err := ask(bind); {
						case errors.Is(err, errAbsent) && i > 0:
							time.Sleep(time.Millisecond) // it is not there
						case err != nil:
							t.Errorf("%v: %v", bind, err)
							return
						case status != http.StatusPermanentRedirect:
							t.Errorf("%v: status %d", bind, status)
							return
						default:
							served[i].Add(1)
						}
					}
				})
			}
			for i := range reloads {
				one, other := binds[1+i%3], binds[1+(i+1)%3]
				switch i % 4 {
				case 0:
					r.reload(redirecting(one, binds[0]))
				case 1:
					r.reload(redirecting(binds[0], other, one))
				case 2:
					r.reload(redirecting(other, binds[0], one))
				default:
					r.reload(redirecting(binds[0], other))
				}
			}
			over.Store(true)
			clients.Wait()
			for i := range served {
				assert.Positive(t, served[i].Load(), "%v", binds[i])
			}
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, files, len(r.public), "those that are gone leave no file")
		})
	}
}

// TestFronts_Queue: who has connected to a new listener before it serves is served
// once it does, and who waits at one that goes is served by it.
func TestFronts_Queue(t *testing.T) {
	for _, driver := range netloop.Drivers() {
		t.Run(driver, func(t *testing.T) {
			dir := socketDir(t)
			a, b := sock(filepath.Join(dir, "a")), sock(filepath.Join(dir, "b"))
			r := serving(t, driver, redirecting(a))
			m, err := r.prepare(redirecting(b))
			require.NoError(t, err)
			const many = 20
			var waiting []net.Conn
			for range many {
				for _, bind := range []plan.Bind{a, b} {
					c, err := net.Dial("unix", bind.Address)
					require.NoError(t, err)
					defer c.Close()
					waiting = append(waiting, c)
				}
			}
			r.publish(redirecting(b))
			require.NoError(t, m.take())
			assert.NoFileExists(t, a.Address)
			for _, c := range waiting {
				require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
				_, err := io.WriteString(c, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
				require.NoError(t, err)
				answer, err := io.ReadAll(c)
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 308 "), "%q", answer)
			}
		})
	}
}

// TestFronts_Beside: a listener of one address and one of all addresses with the same
// port, in every order, and each with its own clients.
func TestFronts_Beside(t *testing.T) {
	narrowHere := func(p *plan.Plan) *plan.Plan { // only the narrow one redirects
		for i := range p.Listeners {
			p.Listeners[i].RedirectHTTPS = strings.HasPrefix(p.Listeners[i].Bind.Address, "127.0.0.1:")
		}
		return p
	}
	r := serving(t, "", narrowHere(redirecting(tcp("127.0.0.1:0"))))
	_, port, err := net.SplitHostPort(r.public[0].now.Addr().String())
	require.NoError(t, err)
	narrow, other, all := tcp("127.0.0.1:"+port), tcp("127.0.0.2:"+port), tcp(":"+port)
	status := func(bind plan.Bind) int {
		t.Helper()
		got, err := ask(bind)
		require.NoError(t, err)
		return got
	}
	const redirected, noRoute = http.StatusPermanentRedirect, http.StatusNotFound
	r.reload(narrowHere(redirecting(narrow)))
	assert.Equal(t, redirected, status(narrow))
	r.reload(narrowHere(redirecting(narrow, all)))
	assert.Equal(t, []int{redirected, noRoute}, []int{status(narrow), status(other)})
	r.reload(narrowHere(redirecting(all)))
	assert.Equal(t, []int{noRoute, noRoute}, []int{status(narrow), status(other)})
	m, err := r.prepare(narrowHere(redirecting(all, narrow)))
	require.NoError(t, err)
	m.giveBack()
	assert.Equal(t, noRoute, status(narrow), "given back")
	r.reload(narrowHere(redirecting(all, narrow)))
	assert.Equal(t, []int{redirected, noRoute}, []int{status(narrow), status(other)})
	r.reload(narrowHere(redirecting(narrow)))
	assert.Equal(t, redirected, status(narrow))
	_, err = ask(other)
	require.ErrorIs(t, err, errAbsent)

	// Two names of one socket are no two listeners.
	_, err = r.prepare(redirecting(narrow, tcp("localhost:"+port)))
	require.ErrorContains(t, err, "another listener has this address in other words; remove one of them")
	_, err = r.prepare(redirecting(tcp("127.0.0.2:"+port), tcp("127.0.0.2:"+port)))
	require.ErrorContains(t, err, "another listener has this address")
	r.reload(narrowHere(redirecting(tcp("localhost:" + port))))
	assert.Equal(t, noRoute, status(narrow), "the settings are those of the same socket under its other name")

	// Nobody else can take a part of the port.
	foreign := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return shareRaw(raw, true) }}
	_, err = foreign.Listen(t.Context(), "tcp", narrow.Address)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

// TestFronts_GiveBack: if one of several listeners cannot be opened, the others are
// given back, whatever is wrong with it.
func TestFronts_GiveBack(t *testing.T) {
	dir := socketDir(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	stays, a, b := sock(filepath.Join(dir, "stays")), sock(filepath.Join(dir, "a")), sock(filepath.Join(dir, "b"))
	r := serving(t, "", redirecting(stays))
	_, err = ask(stays) // it runs
	require.NoError(t, err)
	before := openDescriptors(t)
	unchanged := func(why string) {
		t.Helper()
		assert.NoFileExists(t, a.Address, why)
		assert.NoFileExists(t, b.Address, why)
		assert.Equal(t, before, openDescriptors(t), why)
		status, err := ask(stays)
		require.NoError(t, err)
		assert.Equal(t, http.StatusPermanentRedirect, status)
	}
	_, err = r.prepare(redirecting(a, tcp(taken.Addr().String()), b))
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	unchanged("the second of three is in use")

	p := redirecting(stays, a)
	p.Admin = tcp(taken.Addr().String())
	_, err = r.prepare(p)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	unchanged("admin is in use")

	_, err = r.prepare(redirecting(a, sock(filepath.Join(dir, "no", "folder")), b))
	require.ErrorIs(t, err, os.ErrNotExist)
	unchanged("no folder")

	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = uint64(before) + 1 // descriptors are given from 0 on
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	many := []plan.Bind{stays, a, b}
	for i := range 10 {
		many = append(many, sock(filepath.Join(dir, fmt.Sprint("more", i))))
	}
	_, err = r.prepare(redirecting(many...))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	require.ErrorIs(t, err, syscall.EMFILE)
	unchanged("no descriptors")
}

// openDescriptors counts the open files of the process.
func openDescriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(files)
}
