package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/dashboard"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/judge"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// The limits on a client of an Admin: on the time for a request and its answer, on
// the time between two requests, since scrapers keep their connection for a minute,
// and on the head of a request.
const (
	adminTimeout     = 30 * time.Second
	adminIdleTimeout = 2 * time.Minute
	adminMaxHead     = 16 << 10 // bytes
)

// newestEvents is how many events everybody gets.
const newestEvents = 200

// A Watched is the part of a supervisor that an Admin needs.
type Watched interface {
	Status() api.MasterStatus
	Groups() []api.GroupStatus
}

// A Happened has the events of the master, without the words of workers.
type Happened interface {
	Newest(n int) []api.Event
	Since(kind api.EventKind, from time.Time) int
	ReadPublic(groups []string, n int) event.PublicReader
}

// A PublicReload says how the last reload went, without the words of workers.
type PublicReload struct {
	At     time.Time `json:"at"`    // when it ended
	Failed string    `json:"error"` // why it failed, in one line; "" if it was applied
}

// AdminOptions are what an Admin needs. All but Scarce are required.
//
// Anybody who can reach the listener can read what needs no more than the level known.
// So nothing of that contains what a worker or a client wrote, except for the metrics of
// apps that the configuration names, while it has no token.
type AdminOptions struct {
	Listener net.Listener // Close closes it
	Master   Watched
	Events   Happened
	History  *history.History
	Metrics  http.Handler
	Apps     http.Handler                                  // answers with the metrics of the apps
	Reload   func() (last *PublicReload, now *api.Running) // last is nil before the first one, and now if nothing runs
	Limits   func() []api.RateLimit                        // the rate limits in effect
	Rights   func() AdminRights                            // of the configuration in effect
	Control  http.Handler                                  // answers those who are trusted, as the control socket does

	Counted      *stats.Requests
	Listeners    func() []api.Listener    // in the order of the configuration
	Address      func() string            // of the admin listener
	Certificates func() []api.Certificate // of the listeners
	Buffers      func() api.Buffers       // what waits in the master
	Incidents    func() []api.Incident    // what is wrong
	Routing      func() api.Routing       // the routes in effect
	Stopping     <-chan struct{}          // closed when the master begins to stop
	Busy         func() (done func())     // called before work that takes long, and done after it
	Version      string                   // of ldcorn
	Log          *slog.Logger
	Scarce       func(fd uintptr) bool // whether a descriptor is one that is reserved; nil means that none is
}

// An Admin answers questions about the master. It passes on what only some may ask or
// do, if they may, to the Server of the control socket.
type Admin struct {
	opts   AdminOptions
	http   *http.Server
	live   *live
	closed chan struct{} // once the listener is
	serve  sync.WaitGroup
}

// An adminPage is a page of an Admin.
type adminPage struct {
	pattern string // of http.ServeMux
	level   level  // that a client needs
	about   string // its lines in the index; "" leaves it out
	serve   http.HandlerFunc
}

// pages returns the pages. To add one, write its handler in a file of its own, and
// list it here.
func (a *Admin) pages() []adminPage {
	page := dashboard.Files()
	return append([]adminPage{
		{"GET /{$}", everybody, "/                 the dashboard, for browsers", a.page(page[0])},
		{"GET /metrics", everybody, "/metrics          for Prometheus", a.metrics},
		{"GET /metrics/apps", known, "/metrics/apps     the metrics of the apps, for Prometheus; sum=true adds up the workers of a group", a.apps},
		{"GET /livez", everybody, "/livez            200 as long as the master answers", a.livez},
		{"GET /readyz", everybody, "/readyz           200 while every group has a ready worker, otherwise 503 and the groups that have none\n" +
			"/readyz?verbose   the same, with all groups", a.readyz},
		{"GET /history", known, "/history          what groups and workers did, as JSON; since=10m, step=10s, group=NAME, workers=false and after=NUMBER choose", a.history},
		{"GET /live", known, "/live             the newest second of that and new events, each second, as server-sent events", a.live.serve},
		{"GET " + page[1].Path, everybody, "", page[1].ServeHTTP},
		{"GET " + page[2].Path, everybody, "", page[2].ServeHTTP},
		{"GET /v1/access", known, "", a.access},
		{"GET /v1/status", known, "/v1/status        the status as JSON", a.status},
		{"GET /v1/events", known, "", a.events},
	}, a.passed()...)
}

// passed returns the pages that the Server of the control socket answers.
func (a *Admin) passed() (out []adminPage) {
	pass := func(want level, patterns ...string) {
		for _, pattern := range patterns {
			out = append(out, adminPage{pattern, want, "", a.pass})
		}
	}
	pass(trusted, "GET /v1/requests", "GET /v1/requests/ended", "GET /v1/logs", "POST /v1/explain")
	pass(acting, "POST /v1/plan", "POST /v1/reload", "POST /v1/groups/{group}/restart", "POST /v1/groups/{group}/scale",
		"POST /v1/groups/{group}/hold", "POST /v1/groups/{group}/release")
	return out
}

// index lists the pages.
func (a *Admin) index() string {
	text := "ldcorn\n\n"
	for _, page := range a.pages() {
		if page.about != "" {
			text += page.about + "\n"
		}
	}
	return text
}

// StartAdmin returns an Admin that answers until Close.
func StartAdmin(opts AdminOptions) *Admin {
	a := &Admin{opts: opts, closed: make(chan struct{})}
	ctx, endLive := context.WithCancel(context.Background())
	trusts := func(r *http.Request) bool { return a.levelOf(r, opts.Rights()) >= trusted }
	a.live = newLive(liveOptions{ctx: ctx, history: opts.History, events: func(groups []string, n int) taker { return publicEvents{opts.Events.ReadPublic(groups, n)} }, public: true,
		trusts: trusts})
	limit := newConnLimit(opts.Scarce)
	// GET is for HEAD, too: the multiplexer answers other methods with 405.
	mux := http.NewServeMux()
	for _, page := range a.pages() {
		mux.HandleFunc(page.pattern, a.allow(page.level, page.serve))
	}
	a.http = &http.Server{
		Handler: limit.within(trusts, mux), ReadHeaderTimeout: headTimeout, ReadTimeout: adminTimeout, WriteTimeout: adminTimeout,
		IdleTimeout: adminIdleTimeout, MaxHeaderBytes: adminMaxHead, ConnContext: withPeer, ConnState: limit.changed,
		ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	a.http.RegisterOnShutdown(endLive)
	a.serve.Go(func() {
		defer close(a.closed)
		_ = a.http.Serve(opts.Listener) // ends with Leave or Close
	})
	return a
}

// Leave closes the listener and idle connections. Answers that are under way go
// on; Close waits for them.
func (a *Admin) Leave() {
	a.serve.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
		defer cancel()
		_ = a.http.Shutdown(ctx) // adminTimeout has ended the answers by then
	})
	<-a.closed
}

// Close ends the Admin and the requests that have begun, and closes the listener.
func (a *Admin) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if a.http.Shutdown(ctx) != nil {
		_ = a.http.Close() // a client does not take its answer
	}
	a.serve.Wait()
}

func (a *Admin) metrics(w http.ResponseWriter, r *http.Request) {
	defer a.opts.Busy()()
	a.opts.Metrics.ServeHTTP(w, r)
}

// apps answers with the metrics of the apps, which may hold what clients wrote, such as
// paths: metrics_path allows that, but whoever has a token wants it to be asked for.
func (a *Admin) apps(w http.ResponseWriter, r *http.Request) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		defer a.opts.Busy()()
		a.opts.Apps.ServeHTTP(w, r)
	}
	if a.opts.Rights().Token != "" {
		serve = a.allow(trusted, serve)
	}
	serve(w, r)
}

// A publicStatus is an api.Status without what workers wrote.
type publicStatus struct {
	FormatVersion int            `json:"format_version"`
	Version       string         `json:"version"`
	Now           time.Time      `json:"now"`
	LastReload    *PublicReload  `json:"last_reload"`
	Running       *api.Running   `json:"running,omitempty"`
	Incidents     []api.Incident `json:"incidents,omitempty"`
	PastIncidents int            `json:"past_incidents,omitempty"`
	Admin         string         `json:"admin,omitempty"`
	api.MasterStatus
	Listeners    []api.Listener             `json:"listeners"`
	Certificates []api.Certificate          `json:"certificates"`
	Counts       map[string]api.GroupCounts `json:"counts"`
	RateLimits   []api.RateLimit            `json:"rate_limits"`
	Buffers      api.Buffers                `json:"buffers"`
	Routing      api.Routing                `json:"routing"`
}

// page shows the dashboard to people. Programs get the index of the pages.
func (a *Admin) page(page http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			page.ServeHTTP(w, r)
			return
		}
		tell(w, http.StatusOK, a.index())
	}
}

// status answers with the status.
func (a *Admin) status(w http.ResponseWriter, _ *http.Request) {
	defer a.opts.Busy()()
	last, now := a.opts.Reload()
	st := publicStatus{FormatVersion: api.StatusVersion, Version: a.opts.Version, Now: time.Now(), LastReload: last, Running: now,
		MasterStatus: a.opts.Master.Status(), Listeners: a.opts.Listeners(), Admin: a.opts.Address(), PastIncidents: pastIncidents(a.opts.Events), Certificates: a.opts.Certificates(),
		Counts: groupCounts(a.opts.Counted), RateLimits: a.opts.Limits(), Buffers: a.opts.Buffers(), Routing: a.opts.Routing()}
	for _, in := range judge.Still(a.opts.Incidents(), st.Groups) {
		st.Incidents = append(st.Incidents, in.Public())
	}
	judge.Mark(st.Groups, st.Incidents)
	answer(w, http.StatusOK, st)
}

// events answers with the newest events, and only those who are trusted get the words
// of workers with them, and the events that come later.
func (a *Admin) events(w http.ResponseWriter, r *http.Request) {
	if a.levelOf(r, a.opts.Rights()) >= trusted {
		a.pass(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	for _, e := range a.opts.Events.Newest(newestEvents) {
		_ = lines.Encode(api.EventLine{ControlEvent: &api.ControlEvent{Event: e}}) // fails only if the client has gone
	}
}

func (a *Admin) livez(w http.ResponseWriter, _ *http.Request) { tell(w, http.StatusOK, "ok\n") }

// tell answers with text.
func tell(w http.ResponseWriter, status int, text string) {
	respond(w, status, "text/plain; charset=utf-8", []byte(text))
}

// respond answers with a body that no cache keeps.
func respond(w http.ResponseWriter, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has gone
}
