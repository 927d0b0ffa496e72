package control

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// What an admin client may take: for a request's head, for all of it and its
// answer, and between requests. Scrapers keep their connection for minutes.
const (
	adminTimeout     = 30 * time.Second
	adminIdleTimeout = 5 * time.Minute
	adminMaxHead     = 16 << 10 // bytes
)

// A Watched is what an Admin needs of a supervisor.
type Watched interface {
	Status() api.MasterStatus
	Groups() []api.GroupStatus
}

// AdminOptions are what an Admin needs. All are required.
type AdminOptions struct {
	Listener net.Listener // closed by Close
	Master   Watched
	Counted  *stats.Requests
	Events   *event.Stream
	Metrics  http.Handler
	Reload   func() (last *api.Reload, now *api.Running) // nil before the first; nil where nothing runs
	Stopping <-chan struct{}                             // closed when the master begins to stop
	Busy     func() (done func())                        // called before what takes long, and its result after that
	Version  string                                      // of ldcorn
	Log      *slog.Logger
}

// An Admin tells whoever asks how the master is, and does nothing else: there
// is nobody it could refuse.
type Admin struct {
	opts      AdminOptions
	dashboard *template.Template
	http      *http.Server
	serve     sync.WaitGroup
}

// StartAdmin answers until Close.
func StartAdmin(opts AdminOptions) *Admin {
	a := &Admin{opts: opts, dashboard: newDashboard()}
	a.http = &http.Server{
		Handler: a.routes(), ReadHeaderTimeout: headTimeout, ReadTimeout: adminTimeout, WriteTimeout: adminTimeout,
		IdleTimeout: adminIdleTimeout, MaxHeaderBytes: adminMaxHead,
		ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	a.serve.Go(func() { _ = a.http.Serve(opts.Listener) }) // ends with Close
	return a
}

// Close ends it, with what is being answered, and closes the listener.
func (a *Admin) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if a.http.Shutdown(ctx) != nil {
		_ = a.http.Close() // a client that does not take its answer
	}
	a.serve.Wait()
}

// routes are for GET and HEAD: the multiplexer answers other methods with 405,
// and other paths with 404.
func (a *Admin) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		defer a.opts.Busy()()
		a.opts.Metrics.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { tell(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /{$}", a.index)
	return mux
}

const adminIndex = `ldcorn

/                 for browsers, what ldcorn status shows
/metrics          for Prometheus
/livez            200 as long as the master answers
/readyz           200 while every group has a worker that is ready, else 503 and the groups that have none
/readyz?verbose   the same, with all groups
`

// readyz tells whether every group can serve. A master that stops cannot.
func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	groups := a.opts.Master.Groups()
	verbose := r.URL.Query().Has("verbose")
	lines, ready := readiness(groups, verbose)
	select {
	case <-a.opts.Stopping:
		lines, ready = append(lines, "stopping"), false
	default:
		if len(groups) == 0 {
			lines, ready = append(lines, "starting"), false
		}
	}
	switch {
	case !ready:
		tell(w, http.StatusServiceUnavailable, strings.Join(append(lines, "not ready\n"), "\n"))
	case verbose:
		tell(w, http.StatusOK, strings.Join(append(lines, "ok\n"), "\n"))
	default:
		tell(w, http.StatusOK, "ok\n")
	}
}

// readiness is a line for each group without a ready worker, or with all, for
// each group, and whether there is none of the former.
func readiness(groups []api.GroupStatus, all bool) (lines []string, ready bool) {
	ready = true
	for i := range groups {
		g := &groups[i]
		if g.Removed {
			continue // what it has left ends by itself
		}
		mark := "[+]"
		if g.Ready == 0 {
			mark, ready = "[-]", false
		}
		if all || g.Ready == 0 {
			line := fmt.Sprintf("%s%s: %d of %d workers ready", mark, g.Name, g.Ready, g.Instances)
			if note := Note(g, time.Now()); note != "" {
				line += ", " + note
			}
			lines = append(lines, line)
		}
	}
	return lines, ready
}

// tell answers with text.
func tell(w http.ResponseWriter, status int, text string) {
	respond(w, status, "text/plain; charset=utf-8", []byte(text))
}

// respond answers with what no cache keeps.
func respond(w http.ResponseWriter, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only where the client has gone
}
