package judge

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A rig is a Judge of one group, and what it sees.
type rig struct {
	*Judge
	t      *testing.T
	group  api.GroupStatus
	hand   api.Requests
	plan   plan.Plan
	past   fakePast
	events event.Stream
	log    bytes.Buffer
}

// A fakePast has one group, each second of which is the same.
type fakePast struct {
	second uint64
	now    api.GroupHistory // of one point
	before *api.History     // the answer to a question about more
	ahead  time.Duration    // of the end of the second
}

func (p *fakePast) Wait(context.Context, uint64) {}
func (p *fakePast) Newest() uint64               { return p.second }

func (p *fakePast) Answer(_ context.Context, q history.Query) (*api.History, error) {
	if q.After == nil {
		if p.before != nil {
			return p.before, nil
		}
		return &api.History{Step: 1}, nil
	}
	return &api.History{Step: 1, Points: 1, Last: p.second, End: time.Now().Add(p.ahead), Groups: []api.GroupHistory{p.now}}, nil
}

func newRig(t *testing.T) *rig {
	r := &rig{Judge: new(Judge), t: t}
	ready := time.Now().Add(-time.Hour)
	r.group = api.GroupStatus{Name: "web", Instances: 2, Ready: 2, Cap: 1, Workers: []api.WorkerStatus{
		{Index: 0, PID: 10, State: api.StateReady, Since: ready, Socket: "/nowhere"}, {Index: 1, PID: 11, State: api.StateReady, Since: ready, Socket: "/nowhere"}}}
	r.plan.Groups = []*plan.Group{{Name: "web"}}
	r.past.now = points("web", 2, 0, nan)
	r.opts = Options{Groups: func() []api.GroupStatus { return []api.GroupStatus{r.group} }, InHand: func() *api.Requests { return &r.hand },
		Plan: func() *plan.Plan { return &r.plan }, Past: &r.past, Events: &r.events, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	r.Judge.events, r.tracks, r.open = r.events.Read(nil, 0), make(map[string]*track), make(map[key]*open)
	t.Cleanup(r.knockers.Wait)
	return r
}

// points returns one second of a group, with the same requests and errors of each worker.
func points(name string, requests, errors, p95 float32) api.GroupHistory {
	g := api.GroupHistory{Name: name, P95: api.Series{p95}}
	for i := range 2 {
		g.Workers = append(g.Workers, api.WorkerHistory{Index: i, Requests: api.Series{requests}, Errors: api.Series{errors}, RSS: api.Series{100 << 20}, CPU: api.Series{0.5}})
	}
	return g
}

// look looks once, a second later, and returns what is wrong.
func (r *rig) look() []api.Incident {
	r.past.second++
	r.Judge.look(r.t.Context(), r.past.second)
	return r.Incidents()
}

// one looks once, and returns the one thing that is wrong.
func (r *rig) one() api.Incident {
	r.t.Helper()
	all := r.look()
	require.Len(r.t, all, 1, "%s", r.log.String())
	return all[0]
}

func TestNothingIsWrong(t *testing.T) {
	assert.Empty(t, new(Judge).Incidents())
	r := newRig(t)
	for range 20 {
		assert.Empty(t, r.look())
	}
	assert.Empty(t, r.log.String())
	assert.Empty(t, r.events.Newest(9))
}

func TestCrashLoop(t *testing.T) {
	r := newRig(t)
	r.look()
	one, zero := 1, 0
	crash := func(worker *int) {
		r.events.Emit(api.Event{Kind: api.EventCrashed, Group: "web", Worker: worker, Reason: "exit code 3", RestartIn: 2}, "Traceback", "KeyError: 'a'", " ")
	}
	crash(&one)
	assert.Empty(t, r.look(), "one crash is no loop")
	crash(&one)
	in := r.one()
	assert.Equal(t, api.IncidentCrashLoop, in.Kind)
	assert.Equal(t, "web.1", in.Subject())
	assert.Equal(t, "2 crashes in the last minute, the last one 0s ago: exit code 3", in.Cause)
	assert.Equal(t, "KeyError: 'a'", in.Words)
	assert.Equal(t, api.MoodWarn, in.Mood, "it comes back")
	assert.Empty(t, in.Public().Words)

	crash(&zero)
	r.group.Ready, r.group.Workers[1] = 1, api.WorkerStatus{Index: 1, State: api.StateFailed}
	in = r.one()
	assert.Equal(t, "web", in.Subject())
	assert.Equal(t, "3 crashes in the last minute of 2 workers, the last one 0s ago: exit code 3; 1 worker is given up; 1 of 2 ready", in.Cause)
	assert.Equal(t, api.MoodBad, in.Mood)
	assert.Contains(t, in.Advice, "ldcorn restart web tries again")

	groups := []api.GroupStatus{r.group}
	Mark(groups, r.Incidents())
	assert.Equal(t, api.MoodBad, groups[0].Mood)
	assert.Equal(t, []api.Mood{api.MoodGood, api.MoodBad}, []api.Mood{groups[0].Workers[0].Mood, groups[0].Workers[1].Mood})
}

func TestQueue(t *testing.T) {
	r := newRig(t)
	zero := 0
	r.group.Requests, r.group.Queued, r.group.Queue.Oldest = 2, 3, 2.5
	r.hand.Requests = []api.Request{{ID: "a", Method: "GET", Path: "/slow", Group: "web", Worker: &zero, PID: 10, Stage: api.StageAnswering, Held: 4}}
	r.hand.Queues = []api.RequestQueue{{Group: "web", Depth: 3, Oldest: api.Request{WaitsFor: &api.WaitsFor{Kind: api.WaitsForSlot}}}}
	in := r.one()
	assert.Equal(t, "3 requests waiting, the oldest for 2s: all 2 slots (max_req_per_worker 1 for 2 ready workers) busy for 2s", in.Cause)
	assert.Equal(t, "1 × GET /slow (for 4s)", in.Requests)
	assert.Equal(t, api.MoodWarn, in.Mood)
	for _, c := range []struct {
		waits api.WaitsFor
		want  string
	}{
		{api.WaitsFor{Kind: api.WaitsForLimit, Limit: "gpu"}, "the shared limit gpu is used up"},
		{api.WaitsFor{Kind: api.WaitsForWorker, Worker: &zero}, "it belongs to web.0 (sticky), which is busy"},
		{api.WaitsFor{Kind: api.WaitsForReady}, "none of 2 workers is ready"},
	} {
		r.hand.Queues[0].Oldest.WaitsFor = &c.waits
		assert.Contains(t, r.one().Cause, c.want)
	}
	r.group.Queue.Oldest, r.group.Held = 6, true
	in = r.one()
	assert.Equal(t, api.MoodBad, in.Mood)
	assert.Contains(t, in.Cause, "the group is held")
	assert.Contains(t, in.Advice, "ldcorn release web")
	r.group.Queued = 0
	assert.Empty(t, r.look())
}

// TestBadDeploy: errors and latency are compared with those before the reload.
func TestBadDeploy(t *testing.T) {
	for _, c := range []struct {
		name        string
		errors, p95 float32 // after
		want        string
		mood        api.Mood
	}{
		{"errors", 10, 0.02, "5xx 100% (before 0%), p95 20 ms (before 20 ms)", api.MoodBad},
		{"slow", 0, 0.5, "5xx 0% (before 0%), p95 500 ms (before 20 ms)", api.MoodWarn},
		{"good", 0, 0.03, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.look()
			r.past.before = &api.History{Step: 1, Points: 1, End: time.Now().Add(-time.Second), Groups: []api.GroupHistory{points("web", 100, 0, 0.02)}}
			r.events.Emit(api.Event{Kind: api.EventApplied, Group: "web", Generation: 2, Reason: "replace: code changed"})
			r.past.now, r.past.ahead = points("web", 10, c.errors, c.p95), 2*time.Second
			r.Observe(&result.Result{Status: 500, Worker: 0, Group: "web", Request: &head.Request{Method: []byte("GET"), RawPath: []byte("/items")}})
			all := r.look()
			if c.want == "" {
				assert.Empty(t, all)
				return
			}
			in := all[0]
			assert.Equal(t, api.IncidentBadDeploy, in.Kind)
			assert.Contains(t, in.Cause, c.want)
			assert.Equal(t, c.mood, in.Mood)
			assert.Equal(t, "a reload (generation 2; replace: code changed), just before", in.Change)
			if c.errors > 0 {
				assert.Equal(t, "mostly GET /items (1 of 1 that failed)", in.Requests)
				return
			}
			r.Observe(&result.Result{Status: 200, Worker: 0, Group: "web", Took: time.Second, Request: &head.Request{Method: []byte("GET"), RawPath: []byte("/slow")}})
			r.Observe(&result.Result{Status: 200, Worker: 0, Group: "web", Took: time.Millisecond, Request: &head.Request{Method: []byte("GET"), RawPath: []byte("/quick")}})
			assert.Equal(t, "mostly GET /slow (1 of 1 that took longer)", r.look()[0].Requests, "the reason is the p95")
		})
	}
}

// TestErrors: errors without a change are an incident of their own, of one worker if it
// has them all.
func TestErrors(t *testing.T) {
	r := newRig(t)
	r.past.now = points("web", 10, 0, 0.02)
	r.past.now.Workers[1].Errors[0] = 8
	r.look()
	in := r.one()
	assert.Equal(t, api.IncidentErrors, in.Kind)
	assert.Equal(t, "web.1", in.Subject())
	assert.Contains(t, in.Cause, "40% of the last")
	assert.Equal(t, api.MoodWarn, in.Mood)
}

func TestLeak(t *testing.T) {
	r := newRig(t)
	r.plan.Groups[0].MaxRSS = 400 << 20
	for i := range 7 {
		r.past.now.Workers[1].RSS[0] = float32(100+5*i) * (1 << 20)
		assert.Empty(t, r.look())
	}
	r.past.now.Workers[1].RSS[0] = 135 << 20
	in := r.one()
	assert.Equal(t, "web.1", in.Subject())
	assert.Contains(t, in.Cause, "300 MiB a minute (from 100 MiB to 135 MiB in 7s)")
	assert.Contains(t, in.Cause, "reaches max_rss (400 MiB) in 53s")

	jump := make([]float32, 60)
	saw := make([]float32, 60)
	for i := range jump {
		jump[i], saw[i] = 100<<20, float32(100+i%20)*(1<<20)
		if i > 30 {
			jump[i] = 200 << 20
		}
	}
	assert.False(t, isSteady(jump, 0.1), "one jump is no leak")
	assert.False(t, isSteady(saw, 0.1))
	assert.False(t, isSteady([]float32{nan, nan, nan, nan, nan}, 0.1))

	r = newRig(t)
	for range 3 {
		r.events.Emit(api.Event{Kind: api.EventRecycled, Group: "web", Reason: "512 MiB resident (max_rss)"})
	}
	assert.Equal(t, "3 workers reached max_rss in the last 5m", r.one().Cause)
}

// TestBlocked: a worker that does not take a connection is blocked, and one that does is
// not.
func TestBlocked(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	require.NoError(t, err)
	defer l.Close()
	r := newRig(t)
	one := 1
	r.group.Requests, r.group.Workers[1].Socket = 2, socket
	r.hand.Requests = []api.Request{
		{ID: "a", Method: "GET", Path: "/poll", Group: "web", Worker: &one, PID: 11, Stage: api.StageWorking, Held: 50},
		{ID: "b", Method: "GET", Path: "/report", Group: "web", Worker: &one, PID: 11, Stage: api.StageWorking, Held: 3},
	}
	r.past.now.Workers[1].CPU[0] = 0.01
	require.Empty(t, r.look())
	seat := r.tracks["web"].seats[1]
	require.NotNil(t, seat.knock)
	seat.alive = time.Now().Add(-10 * time.Second)
	seat.knock.begun = seat.knock.begun.Add(-2 * time.Second)
	in := r.one()
	assert.Equal(t, api.IncidentBlocked, in.Kind)
	assert.Equal(t, "web.1", in.Subject())
	assert.Equal(t, "GET /report (id b)", in.Requests, "the one that came after the loop last worked")
	assert.Contains(t, in.Cause, "waits without await (CPU 1%), 2 requests in hand")
	assert.Equal(t, 1, strings.Count(r.log.String(), "msg=incident "))

	conn, err := l.Accept() // the loop works again
	require.NoError(t, err)
	conn.Close()
	<-seat.knock.over
	assert.Empty(t, r.look())
	assert.Nil(t, seat.knock)
	r.open[key{api.IncidentBlocked, "web", 1}].seen = time.Now().Add(-linger)
	r.look()
	assert.Contains(t, r.log.String(), `msg="incident over" kind=blocked_loop group=web worker=1`)
	kinds := []api.EventKind{}
	for _, e := range r.events.Newest(9) {
		kinds = append(kinds, e.Kind)
	}
	assert.Equal(t, []api.EventKind{api.EventIncident, api.EventIncidentOver}, kinds)
}

func TestMoods(t *testing.T) {
	for _, kind := range api.EventKinds {
		assert.Contains(t, []api.Mood{api.MoodPlain, api.MoodGood, api.MoodWarn, api.MoodBad}, EventMood(kind))
	}
	assert.Equal(t, api.MoodPlain, StateMood("unknown"))
	assert.Equal(t, api.MoodGood, ReadyMood(2, 2))
	assert.Equal(t, api.MoodBad, ReadyMood(0, 2))
	assert.Equal(t, api.MoodPlain, ReadyMood(0, 0))
}

// TestStill: what cannot be there any more is not shown for the rest of the second.
func TestStill(t *testing.T) {
	one := 1
	all := []api.Incident{{Kind: api.IncidentBlocked, Group: "web", Worker: &one, PID: 11}, {Kind: api.IncidentQueue, Group: "web"}, {Kind: api.IncidentErrors, Group: "web"}}
	g := api.GroupStatus{Name: "web", Queued: 1, Workers: []api.WorkerStatus{{Index: 1, PID: 11}}}
	assert.Len(t, Still(all, []api.GroupStatus{g}), 3)
	g.Queued, g.Workers[0].PID = 0, 12
	assert.Equal(t, all[2:], Still(all, []api.GroupStatus{g}))
	g.Removed = true
	assert.Empty(t, Still(all, []api.GroupStatus{g}))
}

// TestOrder: what is bad comes first, then what goes on, then the cause of others.
func TestOrder(t *testing.T) {
	r := newRig(t)
	warn, bad := api.MoodWarn, api.MoodBad
	found := []api.Incident{
		{Kind: api.IncidentCrashLoop, Group: "a", Mood: warn, Quiet: true}, {Kind: api.IncidentLeak, Group: "b", Mood: warn},
		{Kind: api.IncidentQueue, Group: "c", Mood: bad}, {Kind: api.IncidentErrors, Group: "d", Mood: warn}, {Kind: api.IncidentBlocked, Group: "e", Mood: bad},
	}
	r.publish(found, time.Now())
	order := ""
	for _, in := range r.Incidents() {
		order += in.Group
	}
	assert.Equal(t, "ecdba", order)
}

// TestHints: only hints.go names commands, so that the test of the command line knows all.
func TestHints(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	command := regexp.MustCompile(`"[^"]*ldcorn (ps|status|top|events|logs|scale|release|hold|reload)\b[^"]*"`)
	for _, name := range files {
		if name == "hints.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, found := range command.FindAllString(string(text), -1) {
			assert.Equal(t, `"a reload or ldcorn scale"`, found, name)
		}
	}
	for _, hint := range Hints("web", 1, 2) {
		assert.Contains(t, hint, "ldcorn ")
	}
}
