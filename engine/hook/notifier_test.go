package hook

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A receiver is a server that keeps what it gets.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex // guards got
	got    []api.Notification
	heads  []http.Header
	answer atomic.Int64 // the status; 0 = 204
	tries  atomic.Int64
}

func receive(t *testing.T) *receiver {
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.tries.Add(1)
		if code := r.answer.Load(); code != 0 {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(int(code))
			return
		}
		var n api.Notification
		assert.NoError(t, json.NewDecoder(req.Body).Decode(&n))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.heads = append(r.got, n), append(r.heads, req.Header)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// notifier returns a Notifier that does not wait between tries, with its log.
func notifier(t *testing.T, stream *event.Stream, hooks ...plan.Hook) (*Notifier, *logtest.Text) {
	log := new(logtest.Text)
	n := New(Options{Events: stream, Log: slog.New(slog.NewTextHandler(log, nil)), Config: filepath.Join(t.TempDir(), "ldconfig.star"), Version: "1.2"})
	n.pause = func(int) time.Duration { return 0 }
	n.Use(with(hooks...))
	t.Cleanup(func() { n.Close(0, nil) })
	return n, log
}

func with(hooks ...plan.Hook) *plan.Plan {
	return &plan.Plan{OnEvent: hooks, Groups: []*plan.Group{{Name: "api", Python: "/bin/sh"}}}
}

func webhookTo(url plan.Text, kinds ...api.EventKind) plan.Hook {
	return plan.Hook{URL: url, Events: kinds, Command: plan.Command{Timeout: 10 * time.Second}}
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 20*time.Second, 5*time.Millisecond)
}

func TestWebhook(t *testing.T) {
	to, stream := receive(t), new(event.Stream)
	h := webhookTo(plan.Plain(to.URL+"/path"), api.EventCrashed, api.EventStopped)
	token, err := plan.NewHeaderEdit(plan.HeaderSet, "Authorization", plan.Secret("token"))
	require.NoError(t, err)
	h.Headers = []plan.HeaderEdit{token}
	stream.Emit(api.Event{Kind: api.EventCrashed, Reason: "before there was a hook"})
	n, _ := notifier(t, stream, h)
	worker := 2
	stream.Emit(api.Event{Kind: api.EventCrashed, Group: "api", Worker: &worker, Reason: "exit code 3"}, "what it wrote")
	stream.Emit(api.Event{Kind: api.EventReady})
	stream.Emit(api.Event{Kind: api.EventStopped, Reason: "what may hold secrets", PublicReason: "what anybody may know"})
	n.Close(time.Minute, nil)
	require.Len(t, to.got, 2, "the last events are delivered at the end")
	got := to.got[0]
	assert.Equal(t, []any{api.EventCrashed, "api.2", "exit code 3", uint64(2), os.Getpid()}, []any{got.Kind, got.Subject(), got.Reason, got.Number, got.Master})
	assert.Equal(t, "ldconfig.star", filepath.Base(got.Config))
	assert.Equal(t, "token", to.heads[0].Get("Authorization"))
	assert.Equal(t, "ldcorn/1.2", to.heads[0].Get("User-Agent"))
	assert.Equal(t, "application/json", to.heads[0].Get("Content-Type"))
	assert.Equal(t, api.EventStopped, to.got[1].Kind)
	assert.Equal(t, "what anybody may know", to.got[1].Reason)
	assert.Equal(t, map[string]Counts{strings.TrimPrefix(to.URL, "http://"): {Delivered: 2}}, n.Counts())
}

func TestWebhook_TriesAgain(t *testing.T) {
	to, stream := receive(t), new(event.Stream)
	to.answer.Store(http.StatusServiceUnavailable)
	n, log := notifier(t, stream, webhookTo(plan.Secret(to.URL+"/secret-path"), api.EventCrashed))
	stream.Emit(api.Event{Kind: api.EventCrashed})
	eventually(t, func() bool { return strings.Contains(log.String(), "hook failed") })
	assert.EqualValues(t, maxTries, to.tries.Load())
	assert.Contains(t, log.String(), `hook=webhook event=crashed err="got status 503, want 2xx"`)
	for _, code := range []int64{http.StatusFound, http.StatusBadRequest} {
		to.tries.Store(0)
		to.answer.Store(code)
		failed := n.Counts()["webhook"].Failed
		stream.Emit(api.Event{Kind: api.EventCrashed})
		eventually(t, func() bool { return n.Counts()["webhook"].Failed > failed })
		assert.EqualValues(t, 1, to.tries.Load(), "neither followed nor tried again")
	}
	assert.Equal(t, 1, strings.Count(log.String(), "hook failed"), "the log is quiet for a while")
	to.answer.Store(0)
	stream.Emit(api.Event{Kind: api.EventCrashed})
	eventually(t, func() bool { return to.count() == 1 })
	assert.EqualValues(t, 3, to.got[0].Dropped, "the next one that arrives tells of those that did not")
	eventually(t, func() bool { return strings.Contains(log.String(), "hook works again") })
	to.Close()
	stream.Emit(api.Event{Kind: api.EventCrashed})
	eventually(t, func() bool { return strings.Count(log.String(), "hook failed") == 2 })
	all := log.String()
	for _, e := range stream.Newest(100) {
		all += e.Reason
	}
	assert.NotContains(t, all, "secret-path")
	assert.NotContains(t, all, "127.0.0.1")
}

func TestNotifier_Use(t *testing.T) {
	to, stream := receive(t), new(event.Stream)
	kept, gone := webhookTo(plan.Plain(to.URL+"/kept"), api.EventCrashed), webhookTo(plan.Plain(to.URL+"/gone"), api.EventCrashed)
	n, _ := notifier(t, stream, gone, kept)
	sender := n.senders[1]
	n.Use(with(kept))
	assert.Same(t, sender, n.senders[0], "with its queue")
	stream.Emit(api.Event{Kind: api.EventCrashed})
	n.Close(time.Minute, nil)
	assert.Equal(t, 1, to.count())
	n.Use(with(gone))
	assert.Len(t, n.senders, 1, "closed")
}

func TestProgram(t *testing.T) {
	dir, stream := t.TempDir(), new(event.Stream)
	out := filepath.Join(dir, "out")
	h := plan.Hook{Events: []api.EventKind{api.EventCrashed}, Command: plan.Command{Args: []string{"/bin/sh", "-c", "cat >>" + out + "; exit $LDCORN_EXIT"}, Timeout: time.Minute}}
	p := with(h)
	p.Groups[0].Env = []plan.EnvVar{plan.Variable("LDCORN_EXIT", plan.Plain("4"), false)}
	n, log := notifier(t, stream)
	n.Use(p)
	stream.Emit(api.Event{Kind: api.EventCrashed, Reason: "one"})
	stream.Emit(api.Event{Kind: api.EventCrashed, Reason: "two"})
	eventually(t, func() bool { return n.Counts()["/bin/sh"].Failed == 2 })
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	lines := json.NewDecoder(strings.NewReader(string(text)))
	var first, second api.Notification
	require.NoError(t, lines.Decode(&first))
	require.NoError(t, lines.Decode(&second))
	assert.Equal(t, []string{"one", "two"}, []string{first.Reason, second.Reason}, "one after another")
	assert.ErrorIs(t, lines.Decode(&first), io.EOF)
	assert.Contains(t, log.String(), `err="exit code 4"`)
	eventually(t, func() bool { return len(stream.Newest(9)) == 4 })
	told := stream.Newest(1)[0]
	assert.Equal(t, api.EventHookFailed, told.Kind)
	assert.Equal(t, "/bin/sh: crashed of master: exit code 4", told.Reason)
}

// TestProgram_Hangs closes a Notifier whose program does not end.
func TestProgram_Hangs(t *testing.T) {
	dir, stream := t.TempDir(), new(event.Stream)
	begun := filepath.Join(dir, "begun")
	n, _ := notifier(t, stream, plan.Hook{Events: []api.EventKind{api.EventCrashed},
		Command: plan.Command{Args: []string{"/bin/sh", "-c", "trap '' TERM; echo >" + begun + "; sleep 1000"}, Timeout: time.Hour}})
	for range maxQueue + 10 {
		stream.Emit(api.Event{Kind: api.EventCrashed})
	}
	eventually(t, func() bool { _, err := os.Stat(begun); return err == nil })
	hurry := make(chan struct{})
	close(hurry)
	n.Close(time.Hour, hurry)
}

func TestQueue(t *testing.T) {
	q := newQueue()
	for i := range maxQueue + 3 {
		q.add(api.Event{Number: uint64(i)})
	}
	q.drop(2)
	q.close()
	e, dropped, ok := q.take(t.Context())
	assert.True(t, ok)
	assert.EqualValues(t, 3, e.Number, "the oldest make room")
	assert.EqualValues(t, 5, dropped)
	for range maxQueue - 1 {
		_, dropped, ok = q.take(t.Context())
		require.True(t, ok)
		assert.Zero(t, dropped)
	}
	_, _, ok = q.take(t.Context())
	assert.False(t, ok)
	assert.EqualValues(t, 5, q.droppedEver())
}
