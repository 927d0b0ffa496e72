package control

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// admin runs an Admin until the end of the test. The test can change the status
// between its requests.
type admin struct {
	api.MasterStatus
	t         testing.TB
	url       string
	reload    *PublicReload
	running   *api.Running
	limits    []api.RateLimit
	buffers   api.Buffers
	begun     atomic.Int32 // calls of Busy, and of its results
	ended     atomic.Int32
	stopping  chan struct{}
	events    event.Stream
	counted   stats.Requests
	rights    AdminRights
	incidents []api.Incident
	passed    []string // what came to the control socket's server
}

// ServeHTTP stands for the server of the control socket.
func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.passed = append(a.passed, r.Method+" "+r.URL.RequestURI()+" "+string(body))
	_, _ = io.WriteString(w, "private")
}

// watched is the master of the Admin.
type watched struct{ *admin }

func (w watched) Status() api.MasterStatus  { return w.admin.MasterStatus }
func (w watched) Groups() []api.GroupStatus { return w.admin.MasterStatus.Groups }

func (a *admin) busy() (done func()) {
	a.begun.Add(1)
	return func() { a.ended.Add(1) }
}

func startAdmin(t testing.TB) *admin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a := &admin{t: t, url: "http://" + l.Addr().String(), stopping: make(chan struct{})}
	a.start(t, l)
	return a
}

// start runs the Admin on a listener.
func (a *admin) start(t testing.TB, l net.Listener) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	s := StartAdmin(AdminOptions{
		Listener: l, Master: watched{a}, Events: &a.events, History: runHistory(t, &a.counted), Metrics: metrics, Apps: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "apps") }), Reload: func() (*PublicReload, *api.Running) { return a.reload, a.running }, Stopping: a.stopping,
		Limits: func() []api.RateLimit { return a.limits }, Buffers: func() api.Buffers { return a.buffers }, Busy: a.busy, Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		Rights: func() AdminRights { return a.rights }, Incidents: func() []api.Incident { return a.incidents }, Routing: func() api.Routing { return api.Routing{Routes: []api.RouteHits{}} }, Control: a, Counted: &a.counted,
		Listeners: func() []api.Listener { return nil }, Address: func() string { return "127.0.0.1:9100" }, Certificates: func() []api.Certificate { return nil },
	})
	t.Cleanup(s.Close)
}

// ask returns the status, the body and the header of an answer.
func (a *admin) ask(method, path string, accept ...string) (int, string, http.Header) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, nil)
	require.NoError(a.t, err)
	req.Header["Accept"] = accept
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	return resp.StatusCode, string(body), resp.Header
}

func TestAdmin_Paths(t *testing.T) {
	a := startAdmin(t)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/metrics", 200, "metrics"},
		{"HEAD", "/metrics", 200, ""},
		{"GET", "/livez", 200, "ok\n"},
		{"HEAD", "/livez", 200, ""},
		{"POST", "/livez", 405, "Method Not Allowed\n"},
		{"PUT", "/metrics", 405, "Method Not Allowed\n"},
		{"OPTIONS", "/", 405, "Method Not Allowed\n"},
		{"GET", "/metricsx", 404, "404 page not found\n"},
		{"POST", "/v1/stop", 404, "404 page not found\n"},
	} {
		status, body, header := a.ask(c.method, c.path)
		assert.Equal(t, c.status, status, c.path)
		assert.Equal(t, c.body, body, c.path)
		if status == http.StatusMethodNotAllowed {
			assert.Equal(t, "GET, HEAD", header.Get("Allow"))
		}
	}
	_, index, header := a.ask("GET", "/")
	assert.Contains(t, index, "/readyz")
	assert.Equal(t, "no-store", header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
}

func TestAdmin_Readyz(t *testing.T) {
	a := startAdmin(t)
	expect := func(path string, status int, body string) {
		t.Helper()
		gotStatus, gotBody, _ := a.ask("GET", path)
		assert.Equal(t, status, gotStatus)
		assert.Equal(t, body, gotBody)
	}
	expect("/readyz", 503, "starting\nnot ready\n")

	a.Groups = []api.GroupStatus{{Name: "a", Instances: 2, Ready: 1}, {Name: "b", Instances: 1, Ready: 1, Held: true}}
	expect("/readyz", 200, "ok\n")
	expect("/readyz?verbose", 200, "[+]a: 1 of 2 workers ready\n[+]b: 1 of 1 workers ready, held\nok\n")
	expect("/readyz?verbose=1", 200, "[+]a: 1 of 2 workers ready\n[+]b: 1 of 1 workers ready, held\nok\n")

	a.Groups = append(a.Groups, api.GroupStatus{Name: "gone", Removed: true})
	expect("/readyz", 200, "ok\n")

	a.Groups = []api.GroupStatus{{Name: "a", Instances: 2, Ready: 1}, {Name: "b", Instances: 1}, {Name: "c", Instances: 3, Failed: true}}
	expect("/readyz", 503, "[-]b: 0 of 1 workers ready\n[-]c: 0 of 3 workers ready, failed; ldcorn restart c tries again\nnot ready\n")
	expect("/readyz?verbose", 503, "[+]a: 1 of 2 workers ready\n[-]b: 0 of 1 workers ready\n[-]c: 0 of 3 workers ready, failed; ldcorn restart c tries again\nnot ready\n")

	a.Groups = a.Groups[:1]
	close(a.stopping)
	expect("/readyz", 503, "stopping\nnot ready\n")
	expect("/livez", 200, "ok\n")
}

// TestAdmin_Dashboard: browsers get the page and what it loads, and it loads nothing else.
func TestAdmin_Dashboard(t *testing.T) {
	a := startAdmin(t)
	status, body, header := a.ask("GET", "/", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
	assert.NotContains(t, body, "://", "nothing from elsewhere")
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]*)"`).FindAllStringSubmatch(body, -1) {
		status, _, header := a.ask("GET", m[1])
		assert.Equal(t, http.StatusOK, status, m[1])
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	}
	for _, path := range []string{"/assets/app.js", "/assets/style.css"} {
		_, body, header := a.ask("GET", path)
		assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		assert.NotEmpty(t, header.Get("ETag"))
		assert.NotContains(t, body, "http://")
	}
}

// TestAdmin_Busy: what takes long is announced.
func TestAdmin_Busy(t *testing.T) {
	a := startAdmin(t)
	for i, path := range []string{"/v1/status", "/metrics", "/history"} {
		a.ask("GET", path)
		assert.EqualValues(t, i+1, a.begun.Load(), path)
		assert.EqualValues(t, i+1, a.ended.Load(), path)
	}
	a.ask("GET", "/readyz")
	assert.EqualValues(t, 3, a.begun.Load())
}

// TestAdmin_Public: an Admin itself cannot show the output of a worker, since none of its
// options can contain it. TestAdmin_Access checks who reaches the Control behind it.
func TestAdmin_Public(t *testing.T) {
	secret := []reflect.Type{reflect.TypeFor[api.ControlEvent](), reflect.TypeFor[api.Reload](), reflect.TypeFor[api.ReloadStep](),
		reflect.TypeFor[logbook.Book](), reflect.TypeFor[event.Stream]()}
	seen := make(map[reflect.Type]bool)
	var visit func(at string, of reflect.Type)
	visit = func(at string, of reflect.Type) {
		if seen[of] || of.PkgPath() != "" && !strings.Contains(of.PkgPath(), "ldcorn") {
			return
		}
		seen[of] = true
		assert.NotContains(t, secret, of, at)
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
			visit(at, of.Elem())
		case reflect.Func:
			for i := range of.NumOut() {
				visit(at+"()", of.Out(i))
			}
		case reflect.Struct:
			for i := range of.NumField() {
				f := of.Field(i)
				assert.NotEqual(t, "Stderr", f.Name, at)
				visit(at+"."+f.Name, f.Type)
			}
		}
		for i := range of.NumMethod() {
			visit(at+"."+of.Method(i).Name, of.Method(i).Type)
		}
	}
	visit("AdminOptions", reflect.TypeFor[AdminOptions]())
	visit("publicStatus", reflect.TypeFor[publicStatus]())
	assert.True(t, seen[reflect.TypeFor[api.Event]()])
	assert.True(t, seen[reflect.TypeFor[api.WorkerStatus]()])
}

func noRights() (none AdminRights) { return none }

// TestAdmin_Close: Close leaves nothing, even if a client keeps its connection.
func TestAdmin_Close(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a := StartAdmin(AdminOptions{Listener: l, Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler), Rights: noRights})
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /liv")
	require.NoError(t, err)
	buf := make([]byte, 1)
	_, err = c.Read(buf)
	require.NoError(t, err)
	a.Close()
	_, err = net.Dial("tcp", l.Addr().String())
	assert.Error(t, err)
	_, _ = io.Copy(io.Discard, c) // ends
}

// TestAdmin_Leave: the listener is closed at once, and an answer under way is
// completed.
func TestAdmin_Leave(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	began, release := make(chan bool), make(chan bool)
	a := StartAdmin(AdminOptions{Listener: l, Busy: func() func() { return func() {} }, Log: slog.New(slog.DiscardHandler), Rights: noRights,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			began <- true
			<-release
			_, _ = io.WriteString(w, "metrics")
		})})
	got := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String() + "/metrics")
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		got <- string(body)
	}()
	<-began
	a.Leave()
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err)
	close(release)
	assert.Equal(t, "metrics", <-got)
	a.Close()
}
