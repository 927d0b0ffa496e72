package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A rig is a Scraper with workers that answer what the test says.
type rig struct {
	*Scraper
	t     testing.TB
	log   logtest.Text
	pages map[string]string // by socket; a missing one means no answer
	media string
	next  int

	asked sync.Mutex // guards paths
	paths []string   // on which workers were asked
}

func newRig(t testing.TB, groups ...*plan.Group) *rig {
	r := &rig{t: t, pages: make(map[string]string), media: "text/plain; version=0.0.4"}
	r.Scraper = New(Options{Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		Ask: func(ctx context.Context, socket string, p *plan.Group) (*worker.MetricsPage, error) {
			r.asked.Lock()
			r.paths = append(r.paths, p.MetricsPath)
			r.asked.Unlock()
			switch text, ok := r.pages[socket]; {
			case !ok:
				return nil, errors.New("connection refused")
			case text == "hang":
				<-ctx.Done()
				return nil, context.Cause(ctx)
			default:
				return &worker.MetricsPage{Media: r.media, Body: []byte(text)}, nil
			}
		}})
	r.Follow(&plan.Plan{Groups: groups})
	return r
}

func named(name string) *plan.Group { return &plan.Group{Name: name, MetricsPath: "/metrics"} }

// start puts a worker with a page into service.
func (r *rig) start(group string, index int, text string) *pool.Worker {
	r.next++
	w := pool.NewWorker(index, 100+r.next, fmt.Sprintf("/%d.sock", r.next))
	r.pages[w.Socket] = text
	r.Entered(group, w)
	return w
}

// stop ends a worker as a reload does.
func (r *rig) stop(w *pool.Worker) {
	r.Retired(w)
	r.Stopping(r.t.Context(), w)
	r.Ended(w)
}

// get returns the page.
func (r *rig) get(query string) string {
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics/apps"+query, nil))
	require.Equal(r.t, http.StatusOK, rec.Code)
	require.True(r.t, strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain; version=0.0.4"), rec.Header())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	_, err := parser.TextToMetricFamilies(strings.NewReader(rec.Body.String()))
	require.NoError(r.t, err)
	return rec.Body.String()
}

const onePage = `# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{group="g",exported_group="x",kind="a"} %[1]d 1700000000000
# HELP load Load.
# TYPE load gauge
load{worker="me"} %[1]d
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} %[1]d
took_seconds_bucket{le="+Inf"} %[2]d
took_seconds_sum 1.5
took_seconds_count %[2]d
# TYPE size summary
size{quantile="0.5"} 3
size_sum 4
size_count %[1]d
free 7
`

// TestEach: without a sum, each worker has its own series.
func TestEach(t *testing.T) {
	r := newRig(t, named("web"), named("api"))
	r.start("web", 0, fmt.Sprintf(onePage, 1, 2))
	r.start("web", 1, "# TYPE jobs_total counter\njobs_total 5\n")
	r.start("api", 0, "# TYPE jobs_total counter\n# HELP jobs_total Others.\njobs_total 9\n")
	r.start("none", 0, "secret 1\n") // has no metrics_path
	assert.Equal(t, `# TYPE free untyped
free{group="web",worker="0"} 7
# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{group="api",worker="0"} 9
jobs_total{group="web",worker="0",exported_exported_group="g",exported_group="x",kind="a"} 1
jobs_total{group="web",worker="1"} 5
# HELP load Load.
# TYPE load gauge
load{group="web",worker="0",exported_worker="me"} 1
# TYPE size summary
size{group="web",worker="0",quantile="0.5"} 3
size_sum{group="web",worker="0"} 4
size_count{group="web",worker="0"} 1
# TYPE took_seconds histogram
took_seconds_bucket{group="web",worker="0",le="0.1"} 1
took_seconds_bucket{group="web",worker="0",le="+Inf"} 2
took_seconds_sum{group="web",worker="0"} 1.5
took_seconds_count{group="web",worker="0"} 2
`, r.get(""))
}

// TestSum: a sum has what ended workers have counted, and gauges stay as they are.
func TestSum(t *testing.T) {
	web := named("web")
	web.MetricsSum = true
	r := newRig(t, web)
	a := r.start("web", 0, fmt.Sprintf(onePage, 1, 2))
	b := r.start("web", 1, fmt.Sprintf(onePage, 10, 20))
	got := r.get("")
	assert.Contains(t, got, `jobs_total{group="web",exported_exported_group="g",exported_group="x",kind="a"} 11`+"\n")
	for _, line := range []string{`took_seconds_bucket{group="web",le="0.1"} 11`, `took_seconds_bucket{group="web",le="+Inf"} 22`,
		`took_seconds_sum{group="web"} 3`, `took_seconds_count{group="web"} 22`, `size_sum{group="web"} 8`, `size_count{group="web"} 11`,
		`load{group="web",worker="0",exported_worker="me"} 1`, `load{group="web",worker="1",exported_worker="me"} 10`} {
		assert.Contains(t, got, line+"\n")
	}
	assert.NotContains(t, got, "quantile")
	assert.Contains(t, r.get("?sum=false"), `took_seconds_count{group="web",worker="1"} 20`)

	r.pages[a.Socket] = fmt.Sprintf(onePage, 3, 4) // since it was asked last
	r.stop(a)
	r.Ended(b) // it crashes
	got = r.get("")
	assert.Contains(t, got, `took_seconds_count{group="web"} 24`+"\n")
	assert.NotContains(t, got, "load", "a gauge ends with its worker")
	assert.Equal(t, 3, r.Counts()["web"].Carried)

	r.Follow(&plan.Plan{})
	r.Follow(&plan.Plan{Groups: []*plan.Group{web}})
	assert.Empty(t, r.get(""), "a removed group is forgotten")
}

// TestReplaced: while workers are replaced, the page has one for each index, and sums
// have both.
func TestReplaced(t *testing.T) {
	r := newRig(t, named("web"))
	old := r.start("web", 0, "# TYPE a counter\na 1\n")
	r.start("web", 0, "# TYPE a counter\na 2\n")
	assert.Equal(t, "# TYPE a counter\na{group=\"web\",worker=\"0\"} 2\n", r.get(""))
	r.Retired(old)
	assert.Equal(t, "# TYPE a counter\na{group=\"web\",worker=\"0\"} 2\n", r.get(""))
	assert.Equal(t, "# TYPE a counter\na{group=\"web\"} 3\n", r.get("?sum=true"))
}

// TestMoved: a retired worker is asked where it has answered, and a new path has a new
// line in the log.
func TestMoved(t *testing.T) {
	r := newRig(t, named("web"))
	old := r.start("web", 0, "# TYPE a counter\na 1\n")
	broken := r.start("web", 1, "<html>")
	r.get("")
	moved := named("web")
	moved.MetricsPath = "/moved"
	r.Follow(&plan.Plan{Groups: []*plan.Group{moved}})
	r.paths = nil
	r.stop(old)
	assert.Equal(t, []string{"/metrics"}, r.paths)
	assert.Equal(t, "# TYPE a counter\na{group=\"web\"} 1\n", r.get("?sum=true"))
	assert.Equal(t, []string{"/metrics", "/moved"}, r.paths)
	assert.Equal(t, 2, strings.Count(r.log.String(), fmt.Sprint("pid=", broken.PID)))
}

// TestTypes: a page has one type for a name, that of the first group.
func TestTypes(t *testing.T) {
	r := newRig(t, named("web"), named("api"))
	r.start("web", 0, "# TYPE a counter\na 1\n")
	r.start("api", 0, "# TYPE a gauge\na 2\nb 1\n")
	for range 2 {
		assert.Equal(t, "# TYPE a counter\na{group=\"web\",worker=\"0\"} 1\n# TYPE b untyped\nb{group=\"api\",worker=\"0\"} 1\n", r.get(""))
	}
	assert.EqualValues(t, 2, r.Counts()["api"].Skipped)
	assert.Equal(t, 1, strings.Count(r.log.String(), "metrics of an app left out"))
}

// TestNoAnswer: a worker without an answer is left out, and its sum stays.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("web"))
		a := r.start("web", 0, "# TYPE a counter\na 1\n")
		r.start("web", 1, "# TYPE a counter\na 5\n")
		assert.Equal(t, "# TYPE a counter\na{group=\"web\"} 6\n", r.get("?sum=true"))
		for text, want := range map[string]Result{"hang": ResultTimeout, "": ResultFailed, "<html>": ResultMalformed, strings.Repeat("#\n", maxLines+1): ResultTooLong} {
			r.pages[a.Socket] = text
			if text == "" {
				delete(r.pages, a.Socket)
			}
			for range 2 {
				assert.Equal(t, "# TYPE a counter\na{group=\"web\",worker=\"1\"} 5\n", r.get(""), want)
			}
			assert.Equal(t, "# TYPE a counter\na{group=\"web\"} 6\n", r.get("?sum=true"), want)
			assert.EqualValues(t, 3, r.Counts()["web"].Results[want])
		}
		assert.Equal(t, 4, strings.Count(r.log.String(), "no metrics of an app"))
		r.pages[a.Socket], r.media = "a 1\n", "application/openmetrics-text; version=1.0.0"
		assert.Empty(t, r.get(""))
	})
}

// TestQuery: sum must be a truth value.
func TestQuery(t *testing.T) {
	rec := httptest.NewRecorder()
	newRig(t).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics/apps?sum=maybe", nil))
	assert.Equal(t, http.StatusBadRequest, rec.Code)
}

// TestBounds: what is carried has bounds, and what is dropped is counted.
func TestBounds(t *testing.T) {
	r := newRig(t, named("web"))
	var text strings.Builder
	text.WriteString("# TYPE a counter\n")
	for i := range maxCarried + 5 {
		fmt.Fprintf(&text, "a{i=\"%d\"} 1\n", i)
	}
	for range 2 {
		w := r.start("web", 0, text.String())
		r.stop(w)
	}
	assert.Equal(t, maxCarried, r.Counts()["web"].Carried)
	assert.EqualValues(t, 10, r.Counts()["web"].Dropped)
}

// TestBuckets: histograms with different buckets have a sum that never falls.
func TestBuckets(t *testing.T) {
	r := newRig(t, named("web"))
	r.stop(r.start("web", 0, "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"10\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 50\nh_count 4\n"))
	r.start("web", 0, "# TYPE h histogram\nh_bucket{le=\"5\"} 100\nh_bucket{le=\"+Inf\"} 100\nh_sum 50\nh_count 100\n")
	assert.Equal(t, `# TYPE h histogram
h_bucket{group="web",le="1"} 2
h_bucket{group="web",le="5"} 102
h_bucket{group="web",le="10"} 103
h_bucket{group="web",le="+Inf"} 104
h_sum{group="web"} 100
h_count{group="web"} 104
`, r.get("?sum=true"))
}

// TestExact: the order of additions does not matter.
func TestExact(t *testing.T) {
	all := []float64{1e100, 1, -1e100, 0.1, 0.2, 1e-30, 3}
	var first exact
	for _, v := range all {
		first.add(v)
	}
	assert.Equal(t, 4.3, first.value())
	for range 100 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var e exact
		for _, v := range all {
			e.add(v)
		}
		assert.Equal(t, first.value(), e.value())
	}
}

// A counting is a worker whose app counts.
type counting struct {
	*pool.Worker
	count, values float64
	low, high     int // observations of its histogram
}

func (c *counting) page() string {
	return fmt.Sprintf("# TYPE a counter\na %v\na{b=\"%d\"} %v\n# TYPE h histogram\nh_bucket{le=\"1\"} %d\nh_bucket{le=\"+Inf\"} %d\nh_sum %v\nh_count %d\n",
		c.count, c.Index%2, c.count, c.low, c.low+c.high, c.values, c.low+c.high)
}

// TestNeverFalls: no sum ever falls, whatever happens to the workers.
func TestNeverFalls(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	r := newRig(t, named("web"))
	var alive []*counting
	shown := make(map[string]float64)
	counted := 0.0
	for range 1000 {
		switch n := random.IntN(20); {
		case n < 3 && len(alive) < 6 || len(alive) == 0:
			alive = append(alive, &counting{Worker: r.start("web", random.IntN(4), "")})
		case n < 5:
			i := random.IntN(len(alive))
			r.stop(alive[i].Worker)
			alive = slices.Delete(alive, i, i+1)
		case n < 6: // a crash, of which nothing is lost that was shown
			i := random.IntN(len(alive))
			r.Ended(alive[i].Worker)
			alive = slices.Delete(alive, i, i+1)
		case n < 7: // the app begins anew, or does not answer for a while
			c := alive[random.IntN(len(alive))]
			if random.IntN(2) == 0 {
				*c = counting{Worker: c.Worker}
				r.pages[c.Socket] = c.page()
			} else {
				delete(r.pages, c.Socket)
			}
			checkNoFall(t, r, shown)
		case n < 8:
			r.Retired(alive[random.IntN(len(alive))].Worker)
		default:
			c := alive[random.IntN(len(alive))]
			c.count += random.Float64()
			c.values += random.Float64()
			c.low += random.IntN(2)
			c.high += random.IntN(2)
			counted++
		}
		for _, c := range alive {
			r.pages[c.Socket] = c.page()
		}
		if random.IntN(3) == 0 {
			checkNoFall(t, r, shown)
		}
	}
	assert.NotEmpty(t, shown)
	assert.Less(t, shown["a"], counted)
}

// checkNoFall compares the sums with those before.
func checkNoFall(t *testing.T, r *rig, shown map[string]float64) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(r.get("?sum=true")))
	require.NoError(t, err)
	now := make(map[string]float64)
	for _, m := range all["a"].GetMetric() {
		now["a"+labelsOf(m)] = m.Counter.GetValue()
	}
	for _, m := range all["h"].GetMetric() {
		now["h_count"], now["h_sum"] = float64(m.Histogram.GetSampleCount()), m.Histogram.GetSampleSum()
		for _, b := range m.Histogram.Bucket {
			now[fmt.Sprint("h_", b.GetUpperBound())] = float64(b.GetCumulativeCount())
		}
	}
	for name, before := range shown {
		require.GreaterOrEqual(t, now[name], before, name)
	}
	for name, v := range now {
		shown[name] = v
	}
}

func labelsOf(m *dto.Metric) (out string) {
	for _, l := range m.Label {
		if l.GetName() != groupLabel {
			out += l.GetName() + "=" + l.GetValue()
		}
	}
	return out
}
