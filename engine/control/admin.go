package control

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
)

// The limits on a client of an Admin: on the time for a request and its answer, on
// the time between two requests, since scrapers keep their connection for minutes,
// and on the head of a request.
const (
	adminTimeout     = 30 * time.Second
	adminIdleTimeout = 5 * time.Minute
	adminMaxHead     = 16 << 10 // bytes
)

// A Watched is the part of a supervisor that an Admin needs.
type Watched interface {
	Status() api.MasterStatus
	Groups() []api.GroupStatus
}

// A Happened has the events of the master, without the words of workers.
type Happened interface {
	Newest(n int) []api.Event
	ReadPublic(groups []string, n int) event.PublicReader
}

// A PublicReload says how the last reload went, without the words of workers.
type PublicReload struct {
	At     time.Time // when it ended
	Failed string    // why it failed, in one line; "" if it was applied
}

// AdminOptions are what an Admin needs. All are required.
//
// Anybody who can reach the listener can read all of it. So nothing here contains
// the output of a worker: that is only for those who can use the control socket.
type AdminOptions struct {
	Listener net.Listener // Close closes it
	Master   Watched
	Events   Happened
	History  *history.History
	Metrics  http.Handler
	Reload   func() (last *PublicReload, now *api.Running) // last is nil before the first one, and now if nothing runs
	Limits   func() []api.RateLimit                        // the rate limits in effect
	Buffers  func() api.Buffers                            // what waits in the master
	Stopping <-chan struct{}                               // closed when the master begins to stop
	Busy     func() (done func())                          // called before work that takes long, and done after it
	Version  string                                        // of ldcorn
	Log      *slog.Logger
}

// An Admin answers questions about the master, whoever asks. It changes nothing.
type Admin struct {
	opts   AdminOptions
	http   *http.Server
	live   *live
	closed chan struct{} // once the listener is
	serve  sync.WaitGroup
}

// An adminPage is a page of an Admin.
type adminPage struct {
	path  string // a pattern of http.ServeMux
	about string // its lines in the index
	serve http.HandlerFunc
}

// pages returns the pages. To add one, write its handler in a file of its own, and
// list it here.
func (a *Admin) pages() []adminPage {
	return []adminPage{
		{"/{$}", "/                 the status, for browsers", a.dashboard},
		{"/metrics", "/metrics          for Prometheus", a.metrics},
		{"/livez", "/livez            200 as long as the master answers", a.livez},
		{"/readyz", "/readyz           200 while every group has a ready worker, otherwise 503 and the groups that have none\n" +
			"/readyz?verbose   the same, with all groups", a.readyz},
		{"/history", "/history          what groups and workers did, as JSON; since=10m, step=10s, group=NAME, workers=false and after=NUMBER choose", a.history},
		{"/live", "/live             the newest second of that and new events, each second, as server-sent events", a.live.serve},
	}
}

// index lists the pages.
func (a *Admin) index() string {
	text := "ldcorn\n\n"
	for _, page := range a.pages() {
		text += page.about + "\n"
	}
	return text
}

// StartAdmin returns an Admin that answers until Close.
func StartAdmin(opts AdminOptions) *Admin {
	a := &Admin{opts: opts, closed: make(chan struct{})}
	ctx, endLive := context.WithCancel(context.Background())
	a.live = newLive(liveOptions{ctx: ctx, history: opts.History, events: func(groups []string, n int) taker { return publicEvents{opts.Events.ReadPublic(groups, n)} }, public: true})
	// For GET and HEAD: the multiplexer answers other methods with 405.
	mux := http.NewServeMux()
	for _, page := range a.pages() {
		mux.HandleFunc("GET "+page.path, page.serve)
	}
	a.http = &http.Server{
		Handler: mux, ReadHeaderTimeout: headTimeout, ReadTimeout: adminTimeout, WriteTimeout: adminTimeout,
		IdleTimeout: adminIdleTimeout, MaxHeaderBytes: adminMaxHead,
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
