package accesslog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

func TestTerminalLine(t *testing.T) {
	quick := served(t)
	quick.Queued, quick.Took = 0, 340*time.Microsecond
	lost := &result.Result{Request: request(t, "GET /"+strings.Repeat("x", 200)+" HTTP/1.1\r\nHost: x\r\n\r\n"), Status: 404, Worker: -1,
		Kind: result.KindNoRoute, Reason: "no route matches\nthis path", Took: 12600 * time.Microsecond}
	refused := &result.Result{Request: new(head.Request), Line: []byte("G\"\x1b[2J\n\xff"), Status: 400, Worker: -1,
		Kind: result.KindRefused, Reason: "malformed"}
	routed := served(t)
	routed.Group, routed.Worker, routed.Router, routed.Status = "", -1, "respond", 302
	full := served(t)
	full.Worker, full.Status, full.Kind, full.Reason = -1, 503, result.KindQueueFull, "the queue is full"
	limited := served(t)
	limited.Worker, limited.Status, limited.Kind, limited.Reason = -1, 429, result.KindRateLimited, `the rate limit of web: path("/a")`
	for want, r := range map[string]*result.Result{
		"05:06:07 200 GET /a?b=c → web.3 0.3 ms\n":                                                     quick,
		"05:06:07 200 GET /a?b=c → web.3 2.0 s, queued 1.5 ms\n":                                       served(t),
		"05:06:07 404 GET /" + strings.Repeat("x", 159) + "… 13 ms: no route matches\\x0athis path\n":  lost,
		`05:06:07 400 "G\x22\x1b[2J\x0a\xff" 0.0 ms: malformed` + "\n":                                 refused,
		"05:06:07 302 GET /a?b=c → router 2.0 s, queued 1.5 ms\n":                                      routed,
		"05:06:07 503 GET /a?b=c → web 2.0 s, queued 1.5 ms: the queue is full\n":                      full,
		`05:06:07 429 GET /a?b=c → web 2.0 s, queued 1.5 ms: the rate limit of web: path("/a")` + "\n": limited,
	} {
		assert.Equal(t, want, string(new(Terminal).appendLine(nil, r, moment)))
		plain := string((&Terminal{ASCII: true}).appendLine(nil, r, moment))
		assert.Equal(t, strings.NewReplacer("→", "->", "…", "...").Replace(want), plain)
	}
	assert.Equal(t, "\x1b[2m05:06:07\x1b[0m \x1b[33m404\x1b[0m GET", string((&Terminal{Colored: true}).appendLine(nil, lost, moment)[:33]))
}

// TestTerminalShows checks when a terminal shows requests.
func TestTerminalShows(t *testing.T) {
	for _, c := range []struct {
		log      plan.AccessLog
		isStdout bool
		want     bool
	}{
		{plan.AccessLogAuto, true, true},
		{plan.AccessLogOff, false, false},
		{plan.AccessLogStdout, true, false},
		{plan.AccessLogStdout, false, true},
		{"/dev/null", true, true},
	} {
		var shown bytes.Buffer
		l := New(Options{Log: slog.New(slog.DiscardHandler), Stdout: new(logtest.Text), Terminal: &Terminal{Out: &shown, IsStdout: c.isStdout}})
		target, err := l.Open(&plan.Plan{AccessLog: c.log})
		require.NoError(t, err)
		l.Observe(served(t))
		assert.Zero(t, shown.Len(), "before the first plan")
		l.Use(target)
		l.Observe(served(t))
		assert.Equal(t, c.want, shown.Len() > 0, "%s", c.log)
	}
}
