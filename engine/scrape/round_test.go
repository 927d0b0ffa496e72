package scrape

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// slow lets workers answer after a time.
func (r *rig) slow(takes time.Duration) {
	ask := r.opts.Ask
	r.opts.Ask = func(ctx context.Context, socket string, p *plan.Group) (*worker.MetricsPage, error) {
		select {
		case <-time.After(takes):
			return ask(ctx, socket, p)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// read asks for the page as a reader that waits for some seconds does.
func (r *rig) read(ctx context.Context, seconds float64) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/metrics/apps", nil).WithContext(ctx)
	req.Header.Set(scrapeTimeout, strconv.FormatFloat(seconds, 'f', -1, 64))
	r.ServeHTTP(rec, req)
	return rec
}

const oneCounter, oneCounted = "# TYPE a counter\na 1\n", "# TYPE a counter\na{group=\"web\",worker=\"0\"} 1\n"

// TestRound_Impatient: a reader that hardly waits takes nothing from one that waits longer.
func TestRound_Impatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("web"))
		r.start("web", 0, oneCounter)
		require.Equal(t, oneCounted, r.read(t.Context(), 10).Body.String())
		r.slow(time.Second)
		time.Sleep(time.Millisecond) // on the clock of the bubble: what was answered before is older than the next reader
		impatient := make(chan string)
		go func() { impatient <- r.read(t.Context(), 0.001).Body.String() }()
		synctest.Wait()
		patient := make(chan string)
		go func() { patient <- r.read(t.Context(), 10).Body.String() }()
		assert.Empty(t, <-impatient, "the last answer of the worker is of before")
		assert.Equal(t, oneCounted, <-patient)
		assert.Zero(t, r.Counts()["web"].Results[ResultTimeout])
		assert.Empty(t, r.log.String())
	})
}

// TestRound_Shared: readers that come while a round goes on share the next one, and its page.
func TestRound_Shared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("web"))
		r.start("web", 0, oneCounter)
		r.slow(time.Second)
		answers := make(chan *httptest.ResponseRecorder, maxReaders)
		for range maxReaders {
			go func() { answers <- r.read(t.Context(), 10) }()
			synctest.Wait()
		}
		refused := r.read(t.Context(), 10)
		assert.Equal(t, http.StatusServiceUnavailable, refused.Code)
		assert.Equal(t, "1", refused.Header().Get("Retry-After"))
		for range maxReaders {
			answer := <-answers
			assert.Equal(t, http.StatusOK, answer.Code)
			assert.Equal(t, oneCounted, answer.Body.String())
		}
		assert.Len(t, r.paths, 2)
		assert.Equal(t, http.StatusOK, r.read(t.Context(), 10).Code, "there is room again")

		next := r.enter()
		<-next.done
		key := pageKey{format: expfmt.NewFormat(expfmt.TypeTextPlain)}
		a, b := r.page(next, key, nil), r.page(next, key, nil)
		require.NotEmpty(t, a)
		assert.Same(t, &a[0], &b[0])
		r.leave(next)
	})
}

// TestRound_Left: a round for which nobody waits any more ends, and says nothing about
// the workers.
func TestRound_Left(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("web"))
		r.start("web", 0, "hang")
		ctx, gone := context.WithCancel(t.Context())
		left := make(chan *httptest.ResponseRecorder)
		go func() { left <- r.read(ctx, 10) }()
		synctest.Wait()
		gone()
		assert.Empty(t, (<-left).Body.String())
		assert.Equal(t, map[Result]uint64{}, r.Counts()["web"].Results)
		assert.Nil(t, r.open)
	})
}

// TestRound_Bound: a round ends although its readers wait longer than it may last.
func TestRound_Bound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("web"))
		for i := range atOnce * 8 { // 24 seconds
			r.start("web", i, "hang")
		}
		next := r.enter()
		begun := time.Now()
		<-next.done
		assert.Equal(t, mostRoundLimit, time.Since(begun))
		assert.EqualValues(t, atOnce*8, r.Counts()["web"].Results[ResultTimeout])
		r.leave(next)
	})
}
