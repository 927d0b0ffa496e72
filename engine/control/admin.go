package control

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// What an admin client may take: for a request's head, for all of it and its
// answer, and between requests. Scrapers keep their connection for minutes.
const (
	adminTimeout     = 30 * time.Second
	adminIdleTimeout = 5 * time.Minute
	adminMaxHead     = 16 << 10 // bytes
)

// AdminOptions are what an Admin needs. All are required.
type AdminOptions struct {
	Listener net.Listener // closed by Close
	Metrics  http.Handler
	Groups   func() []supervisor.GroupStatus // of the plan in effect; none before the first
	Stopping <-chan struct{}                 // closed when the master begins to stop
	Log      *slog.Logger
}

// An Admin tells whoever asks how the master is, and does nothing else: there
// is nobody it could refuse.
type Admin struct {
	opts  AdminOptions
	http  *http.Server
	serve sync.WaitGroup
}

// StartAdmin answers until Close.
func StartAdmin(opts AdminOptions) *Admin {
	a := &Admin{opts: opts}
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
	mux.Handle("GET /metrics", a.opts.Metrics)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { tell(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { tell(w, http.StatusOK, adminIndex) })
	return mux
}

const adminIndex = `ldcorn

/metrics          for Prometheus
/livez            200 as long as the master answers
/readyz           200 while every group has a worker that is ready, else 503 and the groups that have none
/readyz?verbose   the same, with all groups
`

// readyz tells whether every group can serve. A master that stops cannot.
func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	groups := a.opts.Groups()
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
func readiness(groups []supervisor.GroupStatus, all bool) (lines []string, ready bool) {
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
			lines = append(lines, fmt.Sprintf("%s%s: %d of %d workers ready%s", mark, g.Name, g.Ready, g.Instances, besides(g)))
		}
	}
	return lines, ready
}

// besides is what else is to be known about a group.
func besides(g *supervisor.GroupStatus) string {
	out := ""
	if g.Failed {
		out += ", failed"
	}
	if g.Held {
		out += ", held"
	}
	return out
}

// tell answers with text that no cache keeps.
func tell(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // fails only where the client has gone
}
