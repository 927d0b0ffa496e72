package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A fakeRouter decides by path.
type fakeRouter struct{ decisions map[string]plan.Decision }

func (f *fakeRouter) Route(r match.Request) (plan.Decision, error) {
	d, ok := f.decisions[string(r.Path())]
	if !ok {
		return d, errors.New("no such path")
	}
	return d, nil
}

func (f *fakeRouter) Name() string      { return "fake" }
func (f *fakeRouter) Pos() plan.Pos     { return plan.Pos{} }
func (f *fakeRouter) Digest() string    { return "" }
func (f *fakeRouter) Secrets() []string { return nil }

func edit(t testing.TB, op plan.HeaderOp, name, value string) plan.HeaderEdit {
	t.Helper()
	e, err := plan.NewHeaderEdit(op, name, plan.Plain(value))
	require.NoError(t, err)
	return e
}

// routedPlan returns a plan with a router and the groups a and b, each for one
// path.
func routedPlan(t testing.TB) *plan.Plan {
	p := planOf(t, map[string]string{"a": "/a", "b": "/b"})
	p.OnRouterError = plan.RouterReject
	fields := []plan.HeaderEdit{edit(t, plan.HeaderAdd, "X-Why", "maintenance")}
	p.Router = &fakeRouter{map[string]plan.Decision{
		"/a":     {},
		"/none":  {},
		"/to-b":  {Group: "b", RequestHeaders: []plan.HeaderEdit{edit(t, plan.HeaderSet, "X-By", "router")}, ResponseHeaders: []plan.HeaderEdit{edit(t, plan.HeaderAdd, "X-Back", "1")}},
		"/gone":  {Group: "gone"},
		"/page":  {Answer: &plan.Answer{Status: 503, Body: []byte("later"), Headers: fields}},
		"/empty": {Answer: &plan.Answer{Status: 204, Headers: fields}},
		"/moved": {Answer: &plan.Answer{Status: 308, Redirect: true, Headers: []plan.HeaderEdit{edit(t, plan.HeaderAdd, "Location", "/new")}}},
	}}
	return p
}

// A notary keeps what it is told about requests.
type notary struct {
	mu   sync.Mutex // guards said
	said []string
}

func (n *notary) Observe(r *result.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, strings.Join([]string{string(r.Request.Path), string(r.Router), r.Group, string(r.Kind)}, " "))
}

func (n *notary) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.said)
}

func routedRig(t *testing.T, driver string, p *plan.Plan) (*rig, *upstream, *notary) {
	seen := new(notary)
	r := newRig(t, driver, p, func(o *Options) { o.Observer = seen })
	r.worker("a", answering(strings.Replace(hello, "hello", "group", 1)))
	b := r.worker("b", answering(hello))
	return r, b, seen
}

func TestRouterDecides(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, b, seen := routedRig(t, driver, routedPlan(t))
		get := func(path string) string {
			return plain(r.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nX-By: client\r\nConnection: close\r\n\r\n"))
		}
		assert.Equal(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ngroup", get("/a"))
		assert.Contains(t, get("/none"), "404 Not Found")
		assert.Equal(t, "HTTP/1.1 200 OK\r\nX-Back: 1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", get("/to-b"))
		assert.Contains(t, b.received()[0], "X-By: router\r\n")
		assert.NotContains(t, b.received()[0], "client")
		assert.Equal(t, "HTTP/1.1 503 Service Unavailable\r\nX-Why: maintenance\r\nContent-Length: 5\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\nlater", get("/page"))
		assert.Equal(t, "HTTP/1.1 204 No Content\r\nX-Why: maintenance\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n", get("/empty"))
		assert.Equal(t, "HTTP/1.1 308 Permanent Redirect\r\nLocation: /new\r\nContent-Length: 0\r\nDate: NOW\r\nX-Request-ID: ID\r\nConnection: close\r\n\r\n", get("/moved"))
		assert.Contains(t, get("/gone"), "503 Service Unavailable")
		assert.Contains(t, get("/b"), "500 Internal Server Error: the router failed on this request")
		assert.Equal(t, []string{"/a none a ", "/none none  no_route", "/to-b group b ", "/page respond  ", "/empty respond  ", "/moved redirect  ",
			"/gone group  unavailable", "/b error  router_error"}, seen.all())
	})
}

// TestRoute_GroupWithoutPool checks that a group without a published pool is
// not available, however a request gets there.
func TestRoute_GroupWithoutPool(t *testing.T) {
	r, _, _ := routedRig(t, "goroutine", routedPlan(t))
	delete(r.pools, "a")
	r.publish()
	assert.Contains(t, r.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "503 Service Unavailable: no worker is available")
}

// TestRouterAnswersOnOneConnection checks that neither edits nor the key of a
// request affect the next one on its connection, and that answers come in
// order.
func TestRouterAnswersOnOneConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := routedPlan(t)
		p.OnRouterError = plan.RouterFallback
		r, b, seen := routedRig(t, driver, p)
		c := r.dial()
		in := bufio.NewReader(c)
		var want strings.Builder
		for range 3 {
			for path, body := range map[string]string{"/to-b": "hello", "/b": "hello", "/page": "later", "/moved": ""} {
				_, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
				require.NoError(t, err)
				head, err := readHead(in)
				require.NoError(t, err)
				assert.Equal(t, path == "/to-b", strings.Contains(head, "X-Back"), head)
				got := make([]byte, len(body))
				_, err = io.ReadFull(in, got)
				require.NoError(t, err)
				assert.Equal(t, body, string(got))
				want.WriteString(path)
			}
			_, err := io.WriteString(c, "HEAD /page HTTP/1.1\r\nHost: x\r\n\r\nPOST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
			require.NoError(t, err)
			head, err := readHead(in)
			require.NoError(t, err)
			assert.Contains(t, head, "Content-Length: 5\r\n", "the answer to HEAD has no body")
			head, err = readHead(in)
			require.NoError(t, err)
			assert.NotContains(t, head, "Connection: close", "the body was read with the head")
			_, err = in.Discard(5)
			require.NoError(t, err)
		}
		assert.Equal(t, 3, strings.Count(strings.Join(b.received(), ""), "X-By: router"))
		assert.Contains(t, seen.all(), "/b error b ")
	})
}

// TestRouterAnswersBeforeTheBody checks that the proxy neither asks nor waits
// for the missing part of an upload.
func TestRouterAnswersBeforeTheBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r, _, _ := routedRig(t, driver, routedPlan(t))
		got := r.send("POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
		assert.True(t, strings.HasPrefix(got, "HTTP/1.1 503 "), got)
		assert.Contains(t, got, "Connection: close\r\n\r\nlater")
		got = r.send("GET /page HTTP/1.0\r\n\r\n")
		assert.Contains(t, got, "Connection: close\r\n\r\nlater")
		got = r.send("GET /page HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x00")
		assert.Contains(t, got, "Connection: close\r\n\r\nlater", "the next bytes can be frames")
	})
}

// TestRouterKey checks that requests with one key go to one worker, in any
// group.
func TestRouterKey(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := routedPlan(t)
		f := p.Router.(*fakeRouter)
		var want sync.Map
		for _, key := range []string{"k1", "k2", "k3", "k4", "k5"} {
			f.decisions["/"+key] = plan.Decision{Group: "b", Key: key}
		}
		r := newRig(t, driver, p)
		for _, name := range []string{"one", "two", "six"} {
			r.worker("b", func(c net.Conn, in *bufio.Reader) {
				answering("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"+name)(c, in)
			})
		}
		used := map[string]bool{}
		for range 4 {
			for key := range f.decisions {
				if !strings.HasPrefix(key, "/k") {
					continue
				}
				got := r.send("GET " + key + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				by := got[len(got)-3:]
				used[by] = true
				before, _ := want.LoadOrStore(key, by)
				assert.Equal(t, before, by, key)
			}
		}
		assert.NotEmpty(t, used)
	})
}
