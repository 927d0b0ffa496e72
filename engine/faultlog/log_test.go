package faultlog

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestLog: the first fault of a group and reason is logged immediately, those
// of the next ten seconds together, and none is ever left out.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }()
		told := func() string {
			synctest.Wait()
			l.mu.Lock() // held while a line is written
			defer l.mu.Unlock()
			s := out.String()
			out.Reset()
			return s
		}
		fail := func(kind result.Kind, group, reason, id string) {
			l.Observe(&result.Result{Kind: kind, Group: group, Reason: reason, ID: []byte(id), Status: 502, Worker: 1})
		}
		const one = `level=WARN msg="answered with 502" group=web worker=1 reason=r id=`

		fail(result.KindNoAnswer, "web", "r", "1")
		assert.Equal(t, one+"1\n", told(), "the first at once")
		for _, id := range []string{"2", "3", "4"} {
			fail(result.KindNoAnswer, "web", "r", id)
		}
		assert.Empty(t, told())
		fail(result.KindMalformed, "web", "other", "5")
		assert.Equal(t, strings.ReplaceAll(one, "=r ", "=other ")+"5\n", told(), "another reason at once")
		fail(result.KindNoAnswer, "api", "r", "6")
		assert.Equal(t, strings.ReplaceAll(one, "web", "api")+"6\n", told(), "another group at once")
		fail(result.KindCut, "web", "r", "7")
		assert.Equal(t, strings.ReplaceAll(one, "answered with 502", "answer cut short")+"7\n", told())

		time.Sleep(faultPause)
		assert.Equal(t, one+"2 more=2\n", told(), "the others together, though no further one comes")
		fail(result.KindNoAnswer, "web", "r", "8")
		time.Sleep(faultPause / 2)
		assert.Empty(t, told())
		time.Sleep(2 * faultPause)
		assert.Equal(t, one+"8\n", told())
		time.Sleep(2 * faultPause)
		l.mu.Lock()
		assert.Empty(t, l.known, "reasons are forgotten")
		l.mu.Unlock()

		trace := head.TraceID{1, 15: 0xff}
		l.Observe(&result.Result{Kind: result.KindNoAnswer, Group: "web", Reason: "traced", ID: []byte("1"), Trace: trace})
		assert.Equal(t, `level=WARN msg="answered with 502" group=web worker=0 reason=traced id=1 trace=010000000000000000000000000000ff`+"\n", told())

		l.Observe(&result.Result{Status: 200})
		l.Observe(&result.Result{Status: 400, Kind: result.KindRefused, Reason: "x"})
		assert.Empty(t, told(), "what workers have no part in")
		fail(result.KindNoAnswer, "web", "r", "9")
		told()
		fail(result.KindNoAnswer, "web", "r", "10")
		cancel()
		<-done
		assert.Equal(t, one+"10\n", told(), "what is left is told at the end")
	})
}
