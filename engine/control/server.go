package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// headTimeout limits the time that a client can take to send the head of a request.
const headTimeout = 10 * time.Second

// closeTimeout limits the time that Close waits for requests to end.
const closeTimeout = time.Second

// maxBody limits the body of a request. None needs that much.
const maxBody = 64 << 10 // bytes

// maxPlan limits the body of a request that contains a plan.
const maxPlan = 16 << 20 // bytes

// A Master is the part of a supervisor that a Server needs.
type Master interface {
	Status() api.MasterStatus
	Groups() []api.GroupStatus
	Scale(ctx context.Context, group string, instances int) error
	Restart(ctx context.Context, group string) error
	RestartWorker(ctx context.Context, group string, worker int) error
	Hold(group string) error
	Release(group string) error
	Quiet(ctx context.Context, group string) error
}

// Options are what a Server needs. All are required.
type Options struct {
	Listener *net.UnixListener // Close closes it, and Move if it replaces it
	Master   Master
	Counted  *stats.Requests
	// Listeners returns the listeners in the order of the configuration.
	Listeners func() []api.Listener
	// Admin returns the address of the admin listener, or "" if there is none.
	Admin func() string
	// Certificates returns the certificates of the listeners.
	Certificates func() []api.Certificate
	// RateLimits returns the rate limits in effect.
	RateLimits func() []api.RateLimit
	// Buffers returns what waits in the master.
	Buffers func() api.Buffers
	// Requests returns the oldest requests in hand.
	Requests func(RequestsWanted) *api.Requests
	// Routing returns the routes in effect.
	Routing func() api.Routing
	// Incidents returns what is wrong.
	Incidents func() []api.Incident
	Reload    func() (last *api.Reload, now *api.Running) // last is nil before the first one, and now if nothing runs
	// Plan says what a reload would do.
	Plan func(context.Context, api.PlanRequest) (*api.Plan, error)
	// Explain says which rule would take a request, and why.
	Explain func(api.Question) (*api.Explanation, error)
	// Args returns the arguments of the configuration in effect.
	Args    func() (*api.Args, error)
	Reloads Reloader
	Busy    func() (done func()) // called before work that takes long, and done after it
	Logs    *logbook.Book
	// LostLines returns a line for the log that says how many lines a reader has lost.
	LostLines func(n uint64) []byte
	Events    *event.Stream
	Tail      *accesslog.Tail // shows requests as they end
	History   *history.History
	Stop      func(noDelay bool) // tells the master to stop; may be called again
	// LogLevel returns the level of the log, SetLogLevel changes it, and TemporaryLevel
	// returns it if it was changed.
	LogLevel       func() api.LogLevel
	SetLogLevel    func(level string) (api.LogLevel, error)
	TemporaryLevel func() *api.LogLevel
	AccessLog      AccessLogSwitch
	Stopping       func() *api.Stopping  // nil as long as the master is not told to stop
	Installed      func() *api.Installed // see api.Status
	Version        string                // of ldcorn
	Log            *slog.Logger
}

// A Server answers the commands of one master.
type Server struct {
	opts   Options
	ctx    context.Context // of the work that was asked for, which outlives the client
	cancel context.CancelFunc
	http   *http.Server
	serve  sync.WaitGroup
	routes http.Handler

	mu       sync.Mutex // guards listener and closed
	listener *net.UnixListener
	closed   bool
}

// Start returns a Server that answers until Close.
func Start(opts Options) *Server {
	s := &Server{opts: opts}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.routes = s.newRoutes()
	s.http = &http.Server{
		Handler: s.routes, ReadHeaderTimeout: headTimeout,
		ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	s.Move(opts.Listener)
	return s
}

// Move makes the Server answer on another listener, which it takes over, because the
// file of the one before is gone. Requests that have begun go on.
func (s *Server) Move(to *net.UnixListener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		to.Close()
		return
	}
	if s.listener != nil {
		s.listener.SetUnlinkOnClose(false) // its path can be that of the new one
		s.listener.Close()
	}
	s.listener = to
	s.serve.Go(func() { _ = s.http.Serve(&guarded{to, s.opts.Log}) }) // ends with the listener
}

// Close cancels the requests that have begun, answers their clients, and removes the
// socket.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil { // which removes the file of the socket
		_ = s.http.Close() // a client does not take its answer
	}
	s.serve.Wait()
}

// ServeHTTP answers a request that came another way, of a client who may ask for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

func (s *Server) newRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		defer s.opts.Busy()()
		st := s.status()
		if r.URL.Query().Get("requests") == "true" {
			s.addRequests(&st)
		}
		answer(w, http.StatusOK, st)
	})
	mux.HandleFunc("GET /v1/requests", s.requests)
	mux.HandleFunc("GET /v1/history", func(w http.ResponseWriter, r *http.Request) { answerHistory(w, r, s.opts.History, s.opts.Busy) })
	mux.HandleFunc("GET /v1/live", newLive(liveOptions{ctx: s.ctx, history: s.opts.History, events: func(groups []string, n int) taker { return s.opts.Events.Read(groups, n) },
		trusts: func(*http.Request) bool { return true }}).serve)
	mux.HandleFunc("GET /v1/logs", s.tail("text/plain; charset=utf-8", func(want TailRequest) source {
		return &logSource{Reader: s.opts.Logs.Read(want.Groups, want.Newest), lost: s.opts.LostLines}
	}))
	mux.HandleFunc("GET /v1/events", s.tail("application/x-ndjson", func(want TailRequest) source {
		return eventSource{s.opts.Events.Read(want.Groups, want.Newest, want.Kinds...)}
	}))
	mux.HandleFunc("GET /v1/requests/ended", s.ended)
	mux.HandleFunc("POST /v1/plan", s.plan)
	mux.HandleFunc("POST /v1/explain", s.explain)
	mux.HandleFunc("GET /v1/args", s.args)
	mux.HandleFunc("POST /v1/reload", s.reload)
	s.handle(mux, "restart", s.restart)
	s.handle(mux, "hold", func(group string, _ *http.Request) error { return s.opts.Master.Hold(group) })
	s.handle(mux, "release", func(group string, _ *http.Request) error { return s.opts.Master.Release(group) })
	s.handle(mux, "scale", func(group string, r *http.Request) error {
		var want api.ScaleRequest
		if err := json.NewDecoder(r.Body).Decode(&want); err != nil {
			return &badRequestError{err}
		}
		return s.opts.Master.Scale(s.ctx, group, want.Instances)
	})
	mux.HandleFunc("GET /v1/groups/{group}/quiet", s.quiet)
	mux.HandleFunc("POST /v1/stop", s.stop)
	mux.HandleFunc("GET /v1/log-level", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.opts.LogLevel()) })
	mux.HandleFunc("POST /v1/log-level", s.setLogLevel)
	mux.HandleFunc("GET /v1/access-log", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.opts.AccessLog.Now()) })
	mux.HandleFunc("POST /v1/access-log", s.setAccessLog)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "no "+r.Method+" "+r.URL.Path+" in this version")
	})
	return mux
}

// stop tells the master to stop. A request without a body asks for nothing else.
func (s *Server) stop(w http.ResponseWriter, r *http.Request) {
	var want api.StopRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&want); err != nil && err != io.EOF {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	attrs := []any{"request", "stop"}
	if want.NoDelay {
		attrs = append(attrs, "no_delay", true)
	}
	s.opts.Log.Info("control request", attrs...)
	confirm(w, http.StatusAccepted)
	s.opts.Stop(want.NoDelay)
}

// plan evaluates the configuration and says what a reload would do. It changes
// nothing.
func (s *Server) plan(w http.ResponseWriter, r *http.Request) {
	var want api.PlanRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&want); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	defer s.opts.Busy()()
	ctx, cancel := s.during(r)
	defer cancel()
	report, err := s.opts.Plan(ctx, want)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, report)
}

// args lists the arguments of the configuration in effect.
func (s *Server) args(w http.ResponseWriter, _ *http.Request) {
	defer s.opts.Busy()()
	args, err := s.opts.Args()
	if err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	answer(w, http.StatusOK, args)
}

// explain says which rule would take a request, and why. It sends no request.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	var q api.Question
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	defer s.opts.Busy()()
	e, err := s.opts.Explain(q)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, e)
}

// quiet answers once no request of a group is in flight.
func (s *Server) quiet(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := s.during(r)
	defer cancel()
	err := s.opts.Master.Quiet(ctx, r.PathValue("group"))
	switch {
	case s.ctx.Err() != nil:
		refuse(w, http.StatusConflict, "the master is stopping")
	case err != nil:
		refuse(w, statusOf(err), err.Error())
	default:
		confirm(w, http.StatusOK)
	}
}

// during returns a context that ends when a request or the server does.
func (s *Server) during(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// restart replaces the workers of a group, or the one that the request asks for.
func (s *Server) restart(group string, r *http.Request) error {
	worker, err := workerWanted(r.URL.Query())
	switch {
	case err != nil:
		return err
	case worker == nil:
		return s.opts.Master.Restart(s.ctx, group)
	}
	return s.opts.Master.RestartWorker(s.ctx, group, *worker)
}

// handle adds the handler of a verb, which do applies to a group.
func (s *Server) handle(mux *http.ServeMux, verb string, do func(group string, r *http.Request) error) {
	mux.HandleFunc("POST /v1/groups/{group}/"+verb, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		group := r.PathValue("group")
		defer s.opts.Busy()()
		attrs := []any{"request", verb, "group", group}
		if worker, err := workerWanted(r.URL.Query()); err == nil && worker != nil {
			attrs = append(attrs, "worker", *worker)
		}
		s.opts.Log.Info("control request", attrs...)
		err := do(group, r)
		if err == nil {
			confirm(w, http.StatusOK)
			return
		}
		s.opts.Log.Warn("control request failed", append(attrs, "err", err)...)
		refuse(w, statusOf(err), err.Error())
	})
}

// A badRequestError is about a request that no Client sends.
type badRequestError struct{ error }

func statusOf(err error) int {
	var unknown *supervisor.UnknownGroupError
	var nobody *supervisor.UnknownWorkerError
	var bad *badRequestError
	var query *history.QueryError
	switch {
	case errors.As(err, &unknown), errors.As(err, &nobody):
		return http.StatusNotFound
	case errors.As(err, &bad), errors.As(err, &query):
		return http.StatusBadRequest
	}
	return http.StatusConflict
}

// refuse answers a request that is not carried out.
func refuse(w http.ResponseWriter, status int, reason string) {
	answer(w, status, api.Done{FormatVersion: api.ControlVersion, Error: reason})
}

// confirm answers a request that asks for no document.
func confirm(w http.ResponseWriter, status int) {
	answer(w, status, api.Done{FormatVersion: api.ControlVersion})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(body) // fails only if the client has gone
}
