package tracing

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// failing sends a span to a collector that does not take it, and returns the log.
func failing(t *testing.T, s *plan.Tracing) string {
	var told logtest.Text
	tracer := New(slog.New(slog.NewTextHandler(&told, nil)))
	tracer.Use(s)
	tracer.Observe(served(t))
	soon(t, func() bool { return tracer.Counts().Failed == 1 }, "failed")
	tracer.Close()
	return told.String()
}

// TestRedirect: a redirect is not followed, with any status, and the log says where it leads.
func TestRedirect(t *testing.T) {
	var reached atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		first := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/traces?t=s3cret", status))
		told := failing(t, settings(first.URL))
		first.Close()
		assert.Contains(t, told, "redirects are not followed: write the address where this one leads, "+other.URL+"/v1/traces?t=(secret)", status)
		assert.NotContains(t, told, "s3cret")
	}
	assert.Zero(t, reached.Load())
}

// TestAnswerInLog: the log has the beginning of what a collector answers, and no secret.
func TestAnswerInLog(t *testing.T) {
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "wrong token: "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+strings.Repeat("x", 100_000), http.StatusForbidden)
	}))
	defer c.Close()
	s := settings(c.URL)
	s.Headers = append(s.Headers, plan.TraceHeader{Name: "Authorization", Value: plan.Secret("Bearer t0p/+s3cr3t")})
	told := failing(t, s)
	assert.Contains(t, told, "wrong token: (secret)x")
	assert.NotContains(t, told, "t0p")
	assert.Less(t, len(told), 1000)
}
