package history

import (
	"encoding/json"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A rig is a history with a clock and a supervisor that the test controls.
type rig struct {
	testing.TB
	*History
	clock  time.Duration
	groups []api.GroupStatus
	usages map[int]worker.Usage
	took   time.Duration // of Usages
	asked  int           // how often Usages was called
	pools  map[string]*pool.Pool
	counts stats.Requests
}

func (r *rig) Groups() []api.GroupStatus { return r.groups }

func (r *rig) Usages() (map[int]worker.Usage, time.Time) {
	r.asked++
	at := time.Unix(0, 0).Add(r.clock)
	r.clock += r.took
	return r.usages, at
}

// newRig returns a rig with some groups. Each has one worker, with the pid of its place.
func newRig(t testing.TB, groups ...string) *rig {
	r := &rig{TB: t, clock: time.Hour, usages: make(map[int]worker.Usage), pools: make(map[string]*pool.Pool)}
	r.set(groups...)
	r.History = New(Options{Supervisor: r, Counted: &r.counts, Busy: func() func() { return func() {} },
		elapsed: func() time.Duration { return r.clock }, now: func() time.Time { return time.Unix(1000, 0) }})
	return r
}

// set makes these the groups.
func (r *rig) set(groups ...string) {
	r.groups = nil
	pools := make(map[string]*pool.Pool)
	for i, name := range groups {
		if r.pools[name] == nil {
			r.pools[name] = pool.New(&plan.Group{Name: name})
		}
		pools[name] = r.pools[name]
		r.groups = append(r.groups, api.GroupStatus{Name: name, Ready: 1, Workers: []api.WorkerStatus{{PID: i + 1}}})
	}
	r.counts.Publish(pools)
}

// serve counts requests of a group's first worker.
func (r *rig) serve(group string, n int, took time.Duration) {
	for range n {
		r.counts.Observe(&result.Result{Pool: r.pools[group], Status: 200, Took: took})
	}
}

// pass lets time pass, with a sample at the end.
func (r *rig) pass(d time.Duration) {
	r.clock += d
	r.sample()
}

// seconds lets some seconds pass, with a sample after each.
func (r *rig) seconds(n int) {
	for range n {
		r.pass(time.Second)
	}
}

// ask returns the answer to a query.
func (r *rig) ask(q Query) *api.History {
	r.Helper()
	require.NoError(r, q.Check())
	h, err := r.answer(&q)
	require.NoError(r, err)
	require.True(r, h.Whole())
	return h
}

// text is a series as it is sent.
func text(t testing.TB, s api.Series) string {
	out, err := json.Marshal(s)
	require.NoError(t, err)
	return string(out)
}

// TestSeconds: each second has what was counted in it, and the state at its end.
func TestSeconds(t *testing.T) {
	r := newRig(t, "web")
	r.usages[1] = worker.Usage{RSS: 100, CPU: 5}
	r.serve("web", 3, 2400*time.Microsecond)
	r.groups[0].Queued, r.groups[0].Requests = 4, 2
	r.seconds(1)
	r.usages[1] = worker.Usage{RSS: 300, CPU: 5.5}
	for _, one := range []result.Result{
		{Status: 503, Kind: result.KindQueueFull, Worker: -1}, {Status: 502, Kind: result.KindNoAnswer}, {Status: 499, Kind: result.KindGone},
		{Status: 200, Kind: result.KindCut, Queued: 2 * time.Second}, {Status: 101}, {Status: 302},
	} {
		one.Pool = r.pools["web"]
		r.counts.Observe(&one)
	}
	r.groups[0].Queued = 0
	r.groups[0].Workers[0].Requests, r.groups[0].Workers[0].Websockets = 1, 2
	r.groups[0].Restarts = []api.Restarts{nil, {api.RestartCrash: 2, api.RestartCommand: 1}}
	r.seconds(2)
	h := r.ask(Query{Workers: true, Step: time.Second})
	assert.Equal(t, 3, h.Points)
	assert.EqualValues(t, 3, h.Last)
	assert.True(t, h.End.Equal(time.Unix(1000, 0)))
	g := &h.Groups[0]
	for _, c := range []struct {
		want string
		is   api.Series
	}{
		{"[3,6,0]", g.Requests}, {"[0,1,0]", g.Class1xx}, {"[3,1,0]", g.Class2xx}, {"[0,1,0]", g.Class3xx}, {"[0,1,0]", g.Class4xx}, {"[0,2,0]", g.Class5xx},
		{"[0,1,0]", g.Refused}, {"[0,2,0]", g.Failed}, {"[0,1,0]", g.Gone},
		{"[4,0,0]", g.Queued}, {"[2,2,2]", g.InFlight}, {"[0,2,2]", g.Websockets}, {"[1,1,1]", g.Ready}, {"[0,3,0]", g.Restarts},
		{"[100,300,300]", g.RSS}, {"[null,0.5,0]", g.CPU},
	} {
		assert.Equal(t, c.want, text(t, c.is))
	}
	assert.Equal(t, "[0", text(t, g.WaitP95)[:2])
	assert.InDelta(t, 1.9, g.WaitP95[1], 0.2)
	assert.Equal(t, "[null,null]", text(t, api.Series{g.WaitP95[2], g.P50[2]}))
	assert.InDelta(t, 0.0022, g.P50[0], 0.0003)
	w := &g.Workers[0]
	assert.Equal(t, "[3,5,0]", text(t, w.Requests), "those without a worker count for the group")
	assert.Equal(t, "[0,2,0]", text(t, w.Errors))
	assert.Equal(t, "[0,3,3]", text(t, w.InFlight))
	assert.Equal(t, "[100,300,300]", text(t, w.RSS))
	assert.Equal(t, "[null,0.5,0]", text(t, w.CPU))
}

// TestPercentiles: percentiles are within a quarter of the truth, for a second, and for
// a minute, which has its own buckets.
func TestPercentiles(t *testing.T) {
	r := newRig(t, "web")
	for second := range 60 {
		for ms := range 100 {
			r.serve("web", 1, time.Duration(ms+1+second*100)*time.Millisecond)
		}
		r.seconds(1)
	}
	g := r.ask(Query{Step: time.Second}).Groups[0]
	assert.InEpsilon(t, 0.05, g.P50[0], 0.25)
	assert.InEpsilon(t, 0.095, g.P95[0], 0.25)
	assert.InEpsilon(t, 5.95, g.P50[59], 0.25)
	minute := r.ask(Query{Step: time.Minute}).Groups[0]
	assert.InEpsilon(t, 3, minute.P50[0], 0.25)
	assert.InEpsilon(t, 5.7, minute.P95[0], 0.25)
	assert.InEpsilon(t, 5.94, minute.P99[0], 0.25)
	assert.Equal(t, "[6000]", text(t, minute.Requests))
	ten := r.ask(Query{Step: 30 * time.Second}).Groups[0]
	assert.InEpsilon(t, 1.5, ten.P50[0], 0.3, "put together from seconds")
	assert.InEpsilon(t, 2.85, ten.P95[0], 0.3)
}

// TestHoles: while the machine sleeps, and until a group is there, nothing is known. A tick
// that is a little early or late loses no second.
func TestHoles(t *testing.T) {
	r := newRig(t, "web")
	r.pass(1300 * time.Millisecond)
	r.pass(600 * time.Millisecond)
	r.pass(100 * time.Millisecond) // the same second again
	r.serve("web", 5, 0)
	r.pass(3 * time.Second)
	r.set("web", "late")
	r.seconds(1)
	h := r.ask(Query{Step: time.Second})
	require.Len(t, h.Groups, 2)
	assert.Equal(t, "[null,null,null,null,null,0]", text(t, h.Groups[0].Requests))
	assert.Equal(t, "[0,0,null,null,5,0]", text(t, h.Groups[1].Requests))

	r.pass(48 * time.Hour) // a weekend
	r.serve("web", 7, 0)
	r.seconds(60)
	h = r.ask(Query{Step: time.Second, Since: 62 * time.Second, Groups: []string{"web"}})
	assert.Equal(t, "[null,0,7,0", text(t, h.Groups[0].Requests)[:11])
	day := r.ask(Query{Step: time.Minute, Groups: []string{"web"}})
	assert.Equal(t, keptMinutes, day.Points)
	for _, n := range day.Groups[0].Requests[:keptMinutes-2] {
		assert.True(t, n != n, "the time before is too long ago, and then the machine slept")
	}
}

// TestKept: seconds are kept for 15 minutes, and minutes for a day.
func TestKept(t *testing.T) {
	r := newRig(t, "web")
	samples := func(n int, every time.Duration) {
		for range n {
			r.counts.Observe(&result.Result{Pool: r.pools["web"], Status: 200})
			r.pass(every)
		}
	}
	samples(24*60*3, 20*time.Second)
	samples(keptSeconds+60, time.Second)
	h := r.ask(Query{Step: time.Second})
	assert.Equal(t, keptSeconds, h.Points)
	assert.Equal(t, float32(1), slices.Min(h.Groups[0].Requests))
	h = r.ask(Query{Step: time.Minute})
	assert.Equal(t, keptMinutes, h.Points)
	assert.Equal(t, float32(3), slices.Min(h.Groups[0].Requests))
	assert.Equal(t, float32(60), slices.Max(h.Groups[0].Requests))
	assert.EqualValues(t, 24*60+16, h.Last)
	h = r.ask(Query{Step: time.Hour})
	assert.Equal(t, 23, h.Points, "a part of the first hour is lost")
	assert.Equal(t, float32(180), slices.Min(h.Groups[0].Requests))
}

// TestAfter: who asks again gets only what is new, and each whole step once.
func TestAfter(t *testing.T) {
	r := newRig(t, "web")
	after, got, all := uint64(0), api.Series{}, Query{Step: 10 * time.Second}
	for n := range 47 {
		r.serve("web", n, 0)
		r.seconds(1)
		h := r.ask(Query{Step: 10 * time.Second, After: &after})
		got = append(got, h.Groups[0].Requests...)
		after = h.Last
	}
	assert.Equal(t, "[45,145,245,345]", text(t, got))
	assert.Equal(t, r.ask(all).Groups[0].Requests, got)
	foreign := uint64(5)
	assert.Equal(t, 4, r.ask(Query{Step: 10 * time.Second, After: &foreign}).Points, "a number of another master")
}

// TestReload: a group keeps its history when it gets other counters, and one that is
// removed keeps it for a day. Groups with new names at each reload do not add up.
func TestReload(t *testing.T) {
	r := newRig(t, "web", "old")
	r.serve("web", 3, 0)
	r.seconds(1)
	r.pools["web"] = nil
	r.set("web")
	r.serve("web", 2, 0)
	r.seconds(1)
	h := r.ask(Query{Step: time.Second})
	assert.Equal(t, "[0,null]", text(t, h.Groups[0].Requests))
	assert.True(t, h.Groups[0].Removed)
	assert.Equal(t, "[3,2]", text(t, h.Groups[1].Requests))
	assert.False(t, h.Groups[1].Removed)

	r.pass(24*time.Hour - 3*time.Second)
	assert.Len(t, r.ask(Query{}).Groups, 2)
	r.seconds(3)
	assert.Len(t, r.ask(Query{}).Groups, 1)

	r.pools["old"] = nil // it comes back after more than a day, and its first requests are no news
	r.set("web", "old")
	r.seconds(1)
	r.serve("old", 2, 0)
	r.seconds(1)
	h = r.ask(Query{Groups: []string{"old"}, Workers: true, Step: time.Second})
	for _, s := range []api.Series{h.Groups[0].Requests, h.Groups[0].Workers[0].Requests} {
		assert.Regexp(t, `null,0,2\]$`, text(t, s))
	}
	r.set("web")
	r.pass(25 * time.Hour)

	for n := range 3 * goneGroups {
		name := fmt.Sprint("renamed", n)
		r.set("web", name)
		r.groups[1].Workers = slices.Repeat(r.groups[1].Workers, 20)
		for i := range r.groups[1].Workers {
			r.groups[1].Workers[i].Index = i
		}
		r.seconds(1)
		r.set("web")
		r.seconds(1)
	}
	workers := 0
	for _, g := range r.History.groups {
		workers += g.size()
	}
	assert.Len(t, r.History.groups, goneGroups+1)
	assert.LessOrEqual(t, workers, goneWorkers+1)
	_, err := r.answer(&Query{Groups: []string{"renamed0"}})
	var unknownGroup *supervisor.UnknownGroupError
	assert.ErrorAs(t, err, &unknownGroup)
}

// TestMeasure: the use of workers is measured less often if that takes long, and a worker
// keeps what was measured last.
func TestMeasure(t *testing.T) {
	r := newRig(t, "web")
	r.groups[0].Workers[0].PID = 0
	r.seconds(1)
	assert.Zero(t, r.asked, "without a worker, there is nothing to measure")
	r.groups[0].Workers[0].PID = 1
	r.usages[1], r.took = worker.Usage{RSS: 100, CPU: 1}, 40*time.Millisecond
	r.seconds(4)
	assert.Equal(t, 1, r.asked)
	r.usages[1] = worker.Usage{RSS: 200, CPU: 9}
	r.seconds(1)
	assert.Equal(t, 2, r.asked)
	r.groups[0].Workers[0].PID = 7 // which has not been measured yet
	r.seconds(1)
	g := r.ask(Query{Step: time.Second}).Groups[0]
	assert.Equal(t, "[0,100,100,100,100,200,null]", text(t, g.RSS))
	assert.InDelta(t, 2, g.CPU[5], 0.1)
}

// TestQueries: what cannot be answered gets an error that says what can.
func TestQueries(t *testing.T) {
	after := uint64(1)
	for want, q := range map[string]Query{
		"since: got 25h0m0s":                   {Since: 25 * time.Hour},
		"since: got -1s":                       {Since: -time.Second},
		"step: got 1.5s, want whole seconds":   {Step: 1500 * time.Millisecond},
		"step: got 1m30s, want whole minutes":  {Step: 90 * time.Second},
		"step: got 30s, want at least 1m":      {Step: 30 * time.Second, Since: time.Hour},
		"after: want a step":                   {After: &after},
		"step: got 48h0m0s, want whole second": {Step: 48 * time.Hour},
	} {
		assert.ErrorContains(t, q.Check(), want)
		_, err := ParseQuery(q.Values())
		assert.ErrorContains(t, err, want)
	}
	for _, bad := range []string{"since=x", "step=1 m", "after=-1&step=1s", "after=x&step=1s", "workers=maybe"} {
		v, err := url.ParseQuery(bad)
		require.NoError(t, err)
		_, err = ParseQuery(v)
		assert.ErrorContains(t, err, "got ", bad)
	}
	q, err := ParseQuery(map[string][]string{"since": {"600"}, "step": {"10"}})
	require.NoError(t, err)
	assert.Equal(t, Query{Since: 10 * time.Minute, Step: 10 * time.Second, Workers: true}, q)
}

// TestBound: an answer has a bounded number of values. Without a step, the step is
// long enough for that.
func TestBound(t *testing.T) {
	r := newRig(t)
	r.many(1024)
	r.seconds(1)
	r.pass(keptSeconds * time.Second)
	h := r.ask(Query{Workers: true})
	assert.Equal(t, 15, h.Step)
	assert.Equal(t, 1, r.ask(Query{}).Step)
	_, err := r.answer(&Query{Workers: true, Step: time.Second})
	assert.ErrorContains(t, err, "want at most 500000")
}

// many makes one group with many workers.
func (r *rig) many(workers int) {
	r.set("web")
	one := r.groups[0].Workers[0]
	r.groups[0].Workers = nil
	for i := range workers {
		one.Index, one.PID = i, i+1
		r.groups[0].Workers = append(r.groups[0].Workers, one)
		r.usages[i+1] = worker.Usage{RSS: 1 << 20, CPU: 1}
	}
}

// TestMemory: the history of 1,024 workers takes at most 55 MB, after a day and longer.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	r := newRig(t)
	r.many(1024)
	before := heap()
	r.seconds(1)
	empty := heap()
	g := r.History.groups["web"]
	for n := range uint64(keptMinutes) {
		g.seconds.put(n+2, keptSeconds, groupPoint{})
		g.minutes.put(n+1, keptMinutes, groupPoint{})
		for _, s := range g.workers {
			s.seconds.put(n+2, keptSeconds, workerPoint{})
			s.minutes.put(n+1, keptMinutes, workerPoint{})
		}
	}
	full := heap() - before
	t.Logf("%d bytes at first, %d after a day", empty-before, full)
	assert.Less(t, full, uint64(55_000_000))
	assert.Less(t, empty-before, uint64(4_000_000))
	runtime.KeepAlive(r)
}

// BenchmarkSample measures the work of a second: for workers of which a tenth has served
// requests, without the look at the processes of the machine.
func BenchmarkSample(b *testing.B) {
	for _, workers := range []int{4, 1024} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			r := newRig(b)
			r.many(workers)
			for i := range workers {
				r.counts.Observe(&result.Result{Pool: r.pools["web"], Worker: i, Status: 200, Took: time.Millisecond})
			}
			r.seconds(keptSeconds)
			b.ReportAllocs()
			for b.Loop() {
				for i := 0; i < workers; i += 10 {
					r.counts.Observe(&result.Result{Pool: r.pools["web"], Worker: i, Status: 200, Took: time.Millisecond})
				}
				r.pass(time.Second)
			}
		})
	}
}
