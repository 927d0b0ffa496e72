package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// fakeMaster records what it is asked for.
type fakeMaster struct {
	mu    sync.Mutex // guards asked
	asked []string
	block chan struct{} // restarts wait for it, unless it is nil

	begun, ended atomic.Int32 // calls of Busy, and of its results

	logs      *logbook.Book
	counted   stats.Requests
	events    event.Stream
	incidents []api.Incident
}

// book returns a book with some lines.
// An unchangedLog is an access log that nobody changes.
type unchangedLog struct{}

func (unchangedLog) Now() api.AccessLog        { return api.AccessLog{} }
func (unchangedLog) Temporary() *api.AccessLog { return nil }
func (unchangedLog) Set(api.AccessLogRequest) (api.AccessLog, error) {
	return api.AccessLog{}, errors.New("not here")
}

func (m *fakeMaster) book() *logbook.Book {
	m.logs = new(logbook.Book)
	m.logs.Add("", []byte("master\n"))
	m.logs.Add("gone", []byte("of a group that was\n"))
	return m.logs
}

func (m *fakeMaster) note(s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, s)
}

func (m *fakeMaster) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.asked...)
}

func (m *fakeMaster) Status() api.MasterStatus {
	return api.MasterStatus{PID: 7, Generation: 3, Groups: []api.GroupStatus{
		{Name: "api", Ready: 1, Workers: []api.WorkerStatus{{Index: 0, State: api.StateReady}}},
	}}
}

// Groups returns the group old with a worker that drains, until an event of the group
// comes.
func (m *fakeMaster) Groups() []api.GroupStatus {
	m.note("groups")
	events, _ := m.events.Read([]string{"old"}, -1).Take()
	if len(events) > 0 {
		return nil
	}
	return []api.GroupStatus{{Name: "old", Workers: []api.WorkerStatus{
		{PID: 1, State: api.StateDraining, Generation: 3, Requests: 2, Websockets: 1},
		{PID: 2, Index: 1, State: api.StateReady, Generation: 3}, {PID: 3, State: api.StateReady, Generation: 4},
		{State: api.StateFailed, Generation: 3},
	}}}
}

// Reloads applies generation 4, or fails if every group is to be replaced.
func (m *fakeMaster) Reloads(ctx context.Context, want api.ReloadRequest, tell func(api.ReloadStep)) {
	m.note("reload")
	if len(want.Replace) > 0 {
		context.AfterFunc(ctx, func() { m.note("gone") })
		return
	}
	if want.All {
		tell(api.ReloadStep{Kind: api.StepFailed, Error: "no", Stderr: []string{"last words"}})
		return
	}
	tell(api.ReloadStep{Kind: api.StepStarted, Group: "old", Workers: 1})
	old := &plan.Plan{Groups: []*plan.Group{{Name: "old", Instances: 2}, {Name: "kept", Instances: 1}}}
	next := &plan.Plan{Groups: []*plan.Group{{Name: "old", Instances: 2, ReloadOnSighup: true}, {Name: "kept", Instances: 1}}}
	report := plan.NewReport(api.PlanBase{}, next, plan.Diff(old, next, plan.DiffOptions{}), plan.DiffOptions{})
	tell(api.ReloadStep{Kind: api.StepApplied, Generation: 4, Report: report})
}

func (m *fakeMaster) Scale(_ context.Context, group string, n int) error {
	m.note("scale " + group + " " + strings.Repeat("i", n))
	if n > 3 {
		return errors.New("too many")
	}
	return nil
}

func (m *fakeMaster) Restart(ctx context.Context, group string) error {
	m.note("restart " + group)
	if m.block != nil {
		select {
		case <-m.block:
			m.note("restarted " + group)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (m *fakeMaster) RestartWorker(_ context.Context, group string, worker int) error {
	m.note(fmt.Sprintf("restart %s.%d", group, worker))
	if worker > 1 {
		return &supervisor.UnknownWorkerError{Group: group, Worker: worker, Known: 2}
	}
	return nil
}

func (m *fakeMaster) Hold(group string) error {
	m.note("hold " + group)
	if group != "api" {
		return &supervisor.UnknownGroupError{Group: group, Known: []string{"api"}}
	}
	return nil
}

func (m *fakeMaster) Release(group string) error { m.note("release " + group); return nil }

func (m *fakeMaster) Quiet(ctx context.Context, group string) error {
	m.note("quiet " + group)
	if group != "api" {
		return &supervisor.UnknownGroupError{Group: group, Known: []string{"api"}}
	}
	if m.block == nil {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (m *fakeMaster) Plan(_ context.Context, want api.PlanRequest) (*api.Plan, error) {
	opts := plan.ReplaceOptions(want.Replace, want.All)
	if opts.ReplaceAll {
		return nil, errors.New("ldconfig.star is broken")
	}
	base := api.PlanBase{Kind: api.BaseMaster, PID: 7, Generation: 3}
	return plan.NewReport(base, &plan.Plan{Set: want.After(nil), Groups: []*plan.Group{{Name: "api", Instances: 2}}},
		plan.Diff(nil, &plan.Plan{Groups: []*plan.Group{{Name: "api", Instances: 2}}}, opts), opts), nil
}

func (m *fakeMaster) Args() (*api.Args, error) {
	if m.block != nil {
		return nil, errors.New("still starting")
	}
	return &api.Args{FormatVersion: api.ArgsVersion, Args: []api.Arg{{Name: "workers", Type: api.ArgInt, Default: 2, Value: 4, Set: true}}}, nil
}

func start(t *testing.T, m *fakeMaster) (*Server, *Client) {
	t.Helper()
	dir, err := os.MkdirTemp("", "c")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, SocketName)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	s := Start(Options{
		Listener: l, Master: m, Listeners: func() []api.Listener { return []api.Listener{} }, Admin: func() string { return "127.0.0.1:9100" }, Certificates: func() []api.Certificate { return []api.Certificate{} }, Counted: &m.counted, RateLimits: func() []api.RateLimit { return []api.RateLimit{} }, Buffers: func() (b api.Buffers) { return b }, Events: &m.events, Plan: m.Plan, Args: m.Args, Reloads: m.Reloads, Stop: func(noDelay bool) { m.note(fmt.Sprint("stop ", noDelay)) }, Stopping: func() *api.Stopping { return nil }, Installed: func() *api.Installed { return nil }, TemporaryLevel: func() *api.LogLevel { return nil }, AccessLog: unchangedLog{}, Version: "1.2.3",
		Incidents: func() []api.Incident { return m.incidents },
		Routing:   func() api.Routing { return api.Routing{Routes: []api.RouteHits{}} },
		Requests: func(want RequestsWanted) *api.Requests {
			m.note(fmt.Sprintf("requests %+v", want))
			all := &api.Requests{FormatVersion: api.RequestsVersion, Total: 7, Requests: make([]api.Request, min(want.Limit, 2))}
			all.Requests[0] = api.Request{ID: "oldest", Group: "api", Worker: new(int)}
			return all
		},
		Reload: func() (*api.Reload, *api.Running) { return &api.Reload{Error: "broken"}, nil }, Log: slog.New(slog.DiscardHandler),
		Logs: m.book(), History: runHistory(t, &m.counted), LostLines: func(n uint64) []byte { return fmt.Appendf(nil, "%d lost\n", n) },
		Busy: func() func() { m.begun.Add(1); return func() { m.ended.Add(1) } },
	})
	t.Cleanup(s.Close)
	return s, NewClient(path)
}

func TestServer_Verbs(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	ctx := t.Context()
	require.NoError(t, c.Scale(ctx, "api", 2))
	assert.EqualValues(t, 1, m.begun.Load(), "a request is given the processor")
	require.Eventually(t, func() bool { return m.ended.Load() == 1 }, time.Minute, time.Millisecond)
	require.EqualError(t, c.Scale(ctx, "api", 4), "too many")
	require.NoError(t, c.Restart(ctx, "a b/c"))
	require.NoError(t, c.RestartWorker(ctx, "a b/c", 1))
	require.EqualError(t, c.RestartWorker(ctx, "api", 2), `no worker "api.2"; known workers: "api.0", "api.1"`)
	require.EqualError(t, c.verb(ctx, "api", "restart?worker=-1"), "worker: want an index of 0 or more")
	require.NoError(t, c.Hold(ctx, "api"))
	require.EqualError(t, c.Hold(ctx, "x"), `no group "x"; known groups: "api"`)
	require.NoError(t, c.Release(ctx, "api"))
	require.NoError(t, c.Stop(ctx, api.StopRequest{}))
	require.NoError(t, c.Stop(ctx, api.StopRequest{NoDelay: true}))
	assert.Equal(t, []string{"scale api ii", "scale api iiii", "restart a b/c", "restart a b/c.1", "restart api.2", "hold api", "hold x", "release api", "stop false", "stop true"}, m.all())
}

func TestServer_Status(t *testing.T) {
	m := new(fakeMaster)
	group := pool.New(&plan.Group{Name: "api"})
	m.counted.Publish(map[string]*pool.Pool{"api": group})
	m.counted.Observe(&result.Result{Pool: group, Worker: 1, Status: 200, Took: 1500 * time.Millisecond})
	m.counted.Observe(&result.Result{Pool: group, Worker: -1, Status: 503, Kind: result.KindQueueLate, Queued: 2 * time.Second})
	_, c := start(t, m)
	st, raw, err := c.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, st.FormatVersion)
	assert.Equal(t, "1.2.3", st.Version)
	assert.Equal(t, "broken", st.LastReload.Error)
	assert.Equal(t, 7, st.PID)
	assert.Equal(t, api.StateReady, st.Groups[0].Workers[0].State)
	assert.Contains(t, string(raw), `"format_version": 1`)
	assert.Contains(t, string(raw), `"state": "ready"`)
	assert.True(t, st.Ready())
	ok := api.Counts{Requests: 1, Statuses: map[api.StatusClass]uint64{"2xx": 1}, Faults: map[string]uint64{}, Took: 1.5}
	none := api.Counts{Statuses: map[api.StatusClass]uint64{}, Faults: map[string]uint64{}}
	assert.Equal(t, map[string]api.GroupCounts{"api": {Seats: []api.Counts{none, ok}, Counts: api.Counts{Requests: 2, Took: 1.5, Queued: 2,
		Statuses: map[api.StatusClass]uint64{"2xx": 1, "5xx": 1}, Faults: map[string]uint64{"queue_timeout": 1}}}}, st.Counts)

	st.Groups[0].Ready = 0
	assert.False(t, st.Ready())
	st.Groups[0].Removed = true
	assert.True(t, st.Ready(), "a removed group need not be")
	assert.False(t, (&api.Status{}).Ready(), "nothing runs yet")
}

func TestServer_Requests(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	all, err := c.Requests(t.Context(), RequestsWanted{Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, 7, all.Total)
	assert.Len(t, all.Requests, 1)
	worker := 3
	_, err = c.Requests(t.Context(), RequestsWanted{Limit: 5, PerWorker: 2, Groups: []string{"old"}, Worker: &worker, Websockets: true})
	require.NoError(t, err)
	asked := strings.Join(m.all(), "\n")
	assert.Regexp(t, `(?m)^requests \{Limit:5 PerWorker:2 Groups:\[old\] Worker:0x\w+ Websockets:true\}$`, asked)
	_, err = c.Requests(t.Context(), RequestsWanted{Limit: 1, Groups: []string{"gone"}})
	assert.EqualError(t, err, `no group "gone"; known groups: "old"`)
	_, err = c.Requests(t.Context(), RequestsWanted{Limit: 1, PerWorker: -1})
	assert.EqualError(t, err, "per_worker: want a number of 0 or more")
	worker = -1
	_, err = c.Requests(t.Context(), RequestsWanted{Limit: 1, Worker: &worker})
	assert.EqualError(t, err, "worker: want an index of 0 or more")
	for _, limit := range []int{-1, 0, MaxRequests + 1} {
		_, err := c.Requests(t.Context(), RequestsWanted{Limit: limit})
		assert.ErrorContains(t, err, "limit: want a number from 1 to 1000")
	}
}

// TestServer_StatusWithRequests: only a client that asks for requests gets the oldest
// one of each worker.
func TestServer_StatusWithRequests(t *testing.T) {
	_, c := start(t, new(fakeMaster))
	st, _, err := c.Status(t.Context())
	require.NoError(t, err)
	assert.Nil(t, st.Groups[0].Workers[0].Oldest)
	st, raw, err := c.StatusWithRequests(t.Context())
	require.NoError(t, err)
	require.NotNil(t, st.Groups[0].Workers[0].Oldest)
	assert.Equal(t, "oldest", st.Groups[0].Workers[0].Oldest.ID)
	assert.Contains(t, string(raw), `"oldest_request": {`)
}

func TestServer_Plan(t *testing.T) {
	_, c := start(t, new(fakeMaster))
	report, err := c.Plan(t.Context(), api.PlanRequest{Replace: []string{"api"}, ArgSettings: api.ArgSettings{Set: map[string]string{"workers": "4"}}})
	require.NoError(t, err)
	assert.Equal(t, 3, report.Against.Generation)
	require.Len(t, report.Groups, 1)
	assert.Equal(t, api.ActionAdd, report.Groups[0].Action)
	assert.Equal(t, map[string]string{"workers": "4"}, report.Set)
	_, err = c.Plan(t.Context(), api.PlanRequest{All: true})
	require.EqualError(t, err, "ldconfig.star is broken")
}

func TestServer_Args(t *testing.T) {
	_, c := start(t, new(fakeMaster))
	args, err := c.Args(t.Context())
	require.NoError(t, err)
	require.Len(t, args.Args, 1)
	a := &args.Args[0]
	assert.Equal(t, []string{"2", "4"}, []string{a.DefaultText(), a.ValueText()})
	_, c = start(t, &fakeMaster{block: make(chan struct{})})
	_, err = c.Args(t.Context())
	require.EqualError(t, err, "still starting")
}

func TestServer_Reload(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	var kinds []api.ReloadStepKind
	var draining api.ReloadStep
	require.NoError(t, c.Reload(t.Context(), api.ReloadRequest{}, func(e api.ReloadStep) error {
		assert.Equal(t, 1, e.FormatVersion)
		kinds = append(kinds, e.Kind)
		if e.Kind == api.StepDraining {
			draining = e
			m.events.Emit(api.Event{Kind: api.EventExited, Group: "old"})
		}
		return nil
	}))
	assert.Equal(t, []api.ReloadStepKind{api.StepTaken, api.StepStarted, api.StepApplied, api.StepDraining, api.StepDone, api.StepFinished}, kinds)
	assert.Equal(t, api.ReloadStep{FormatVersion: 1, Kind: api.StepDraining, Group: "old", Workers: 1, Requests: 2, Websockets: 1}, draining)

	failed := errors.New("failed")
	require.ErrorIs(t, c.Reload(t.Context(), api.ReloadRequest{All: true}, func(e api.ReloadStep) error {
		if e.Kind == api.StepFailed {
			assert.Equal(t, []string{"last words"}, e.Stderr)
			return failed
		}
		return nil
	}), failed)
	require.NoError(t, c.Reload(t.Context(), api.ReloadRequest{NoWait: true}, func(api.ReloadStep) error { panic("nothing is told") }))
}

// TestServer_ReloadGivenUp: the one who carries reloads out learns that the client
// has left, unless the client never meant to stay.
func TestServer_ReloadGivenUp(t *testing.T) {
	m := new(fakeMaster)
	s, c := start(t, m)
	require.NoError(t, c.Reload(t.Context(), api.ReloadRequest{Replace: []string{"a"}, NoWait: true}, nil))
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, c.Reload(ctx, api.ReloadRequest{Replace: []string{"a"}}, func(api.ReloadStep) error { cancel(); return ctx.Err() }), context.Canceled)
	require.Eventually(t, func() bool { return slices.Contains(m.all(), "gone") }, time.Minute, time.Millisecond)
	assert.Equal(t, []string{"reload", "reload", "gone"}, m.all())
	s.Close()
	require.Eventually(t, func() bool { return len(m.all()) == 4 }, time.Minute, time.Millisecond)
}

// TestServer_Quiet: the wait ends with the last request of the group, with its
// client, and with the master.
func TestServer_Quiet(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	require.NoError(t, c.Quiet(t.Context(), "api"))
	require.EqualError(t, c.Quiet(t.Context(), "x"), `no group "x"; known groups: "api"`)

	m = &fakeMaster{block: make(chan struct{})}
	s, c := start(t, m)
	ctx, cancel := context.WithCancelCause(t.Context())
	asked := make(chan error)
	ask := func(ctx context.Context) { asked <- c.Quiet(ctx, "api") }
	given := errors.New("given up")
	go ask(ctx)
	require.Eventually(t, func() bool { return len(m.all()) == 1 }, time.Minute, time.Millisecond)
	cancel(given)
	require.ErrorIs(t, <-asked, given)
	go ask(t.Context())
	require.Eventually(t, func() bool { return len(m.all()) == 2 }, time.Minute, time.Millisecond)
	s.Close()
	require.EqualError(t, <-asked, "the master is stopping")
}

// TestServer_ReloadOfAMasterThatStops: the answer ends with a reason.
func TestServer_ReloadOfAMasterThatStops(t *testing.T) {
	m := new(fakeMaster)
	s, c := start(t, m)
	s.opts.Reloads = func(context.Context, api.ReloadRequest, func(api.ReloadStep)) {}
	var last api.ReloadStep
	require.NoError(t, c.Reload(t.Context(), api.ReloadRequest{}, func(e api.ReloadStep) error {
		if last = e; e.Kind == api.StepTaken {
			go s.Close()
		}
		return nil
	}))
	assert.Equal(t, api.StepFailed, last.Kind)
	assert.Equal(t, "the master is stopping", last.Error)
}

func TestServer_WhatItDoesNotKnow(t *testing.T) {
	_, c := start(t, new(fakeMaster))
	_, err := c.do(t.Context(), http.MethodGet, "/v2/status", nil)
	require.EqualError(t, err, "no GET /v2/status in this version")
	_, err = c.do(t.Context(), http.MethodPost, "/v1/groups/api/scale", []byte("{"))
	require.ErrorContains(t, err, "unexpected EOF")
}

func TestServer_OutlivesTheClient(t *testing.T) {
	m := &fakeMaster{block: make(chan struct{})}
	_, c := start(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { gone <- c.Restart(ctx, "api") }()
	require.Eventually(t, func() bool { return len(m.all()) == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	close(m.block)
	require.Eventually(t, func() bool { return len(m.all()) == 2 }, time.Minute, time.Millisecond)
}

func TestServer_CloseEndsWhatIsUnderWay(t *testing.T) {
	m := &fakeMaster{block: make(chan struct{})}
	s, c := start(t, m)
	asked := make(chan error, 1)
	go func() { asked <- c.Restart(t.Context(), "api") }()
	require.Eventually(t, func() bool { return len(m.all()) == 1 }, time.Minute, time.Millisecond)
	s.Close()
	require.EqualError(t, <-asked, "context canceled")
	assert.NoFileExists(t, s.opts.Listener.Addr().String())
	require.ErrorContains(t, c.Hold(t.Context(), "api"), "there is no such socket")
}

func TestAllowed(t *testing.T) {
	assert.True(t, allowed(0))
	assert.True(t, allowed(uint32(os.Geteuid())))
	assert.False(t, allowed(uint32(os.Geteuid())+1))
}
