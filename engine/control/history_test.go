package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// noUsage is a supervisor with one group, whose memory use is not known.
type noUsage struct{}

func (noUsage) Groups() []api.GroupStatus {
	return []api.GroupStatus{{Name: "api", Ready: 1, Workers: []api.WorkerStatus{{PID: 1, LastExit: "secret"}}}}
}
func (noUsage) Usages() (map[int]worker.Usage, time.Time) { return nil, time.Now() }

// runHistory runs a history until the end of the test.
func runHistory(t testing.TB, counted *stats.Requests) *history.History {
	h := history.New(history.Options{Supervisor: noUsage{}, Counted: counted, Started: time.Now(), Busy: func() func() { return func() {} }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return h
}

func TestServer_History(t *testing.T) {
	_, c := start(t, new(fakeMaster))
	require.Eventually(t, func() bool {
		h, err := c.History(t.Context(), history.Query{Step: time.Second, Workers: true, Groups: []string{"api"}})
		return err == nil && h.Points > 0 && len(h.Groups) == 1 && len(h.Groups[0].Workers) == 1 && h.Groups[0].Ready[0] == 1
	}, time.Minute, 10*time.Millisecond)
	_, err := c.History(t.Context(), history.Query{Groups: []string{"nosuch"}})
	require.EqualError(t, err, `no group "nosuch"; known groups: "api"`)
	_, err = c.History(t.Context(), history.Query{Step: 90 * time.Second})
	require.ErrorContains(t, err, "want whole minutes")
}

func TestServer_Live(t *testing.T) {
	m := new(fakeMaster)
	s, c := start(t, m)
	m.events.Emit(api.Event{Kind: api.EventReloading})
	last, seen := uint64(0), 0
	err := c.Live(t.Context(), LiveRequest{Workers: true, Events: 5}, func(l *api.Live) error {
		switch {
		case seen == 0:
			require.Len(t, l.Events, 1)
			assert.Equal(t, api.EventReloading, l.Events[0].Kind)
			m.events.Emit(api.Event{Kind: api.EventCrashed, Group: "api"}, "last words")
		case len(l.Events) > 0:
			assert.Equal(t, []string{"last words"}, l.Events[0].Stderr)
			go s.Close() // which ends the stream
		}
		assert.GreaterOrEqual(t, l.History.Last, last)
		last, seen = l.History.Last, seen+1
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, seen, 1)
}

// TestHostileHistory: a program that is not a master cannot make a command read beyond
// the end of a series.
func TestHostileHistory(t *testing.T) {
	text := `{"step":1,"points":2,"groups":[{"requests":[1]}]}`
	c := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "live") {
			fmt.Fprintf(w, "{\"history\":%s}\n", text)
			return
		}
		_, _ = w.Write([]byte(text))
	})
	_, err := c.History(t.Context(), history.Query{})
	require.ErrorContains(t, err, "differ in length")
	require.ErrorContains(t, c.Live(t.Context(), LiveRequest{}, func(*api.Live) error { return nil }), "differ in length")
}

func TestAdmin_History(t *testing.T) {
	a := startAdmin(t)
	var h api.History
	require.Eventually(t, func() bool {
		status, body, header := a.ask("GET", "/history?step=1s&since=1m")
		require.Equal(t, 200, status)
		require.Equal(t, "application/json", header.Get("Content-Type"))
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		require.NotContains(t, body, "secret", "what workers wrote")
		require.NoError(t, json.Unmarshal([]byte(body), &h))
		return h.Points > 0
	}, time.Minute, 10*time.Millisecond)
	for path, want := range map[string]int{"/history?group=x": 404, "/history?since=yesterday": 400, "/live?group=x": 404, "/live?since=1m": 400, "/live?events=x": 400} {
		status, body, _ := a.ask("GET", path)
		assert.Equal(t, want, status, path)
		assert.Contains(t, body, `"error"`, path)
	}
	status, _, header := a.ask("HEAD", "/live")
	assert.Equal(t, 200, status)
	assert.Equal(t, "text/event-stream", header.Get("Content-Type"))
}

// A subscriber reads server-sent events.
type subscriber struct {
	t    *testing.T
	body *bufio.Reader
	resp *http.Response
}

// subscribe opens a live stream.
func (a *admin) subscribe(t *testing.T, path, id string, token ...string) *subscriber {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", a.url+path, nil)
	require.NoError(t, err)
	if id != "" {
		req.Header.Set("Last-Event-ID", id)
	}
	for _, secret := range token {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return &subscriber{t, bufio.NewReader(resp.Body), resp}
}

// next returns the next message and its id.
func (s *subscriber) next() (id string, m api.Live) {
	s.t.Helper()
	lines := [3]string{}
	for i := range lines {
		line, err := s.body.ReadString('\n')
		require.NoError(s.t, err)
		lines[i] = strings.TrimSuffix(line, "\n")
	}
	data, ok := strings.CutPrefix(lines[1], "data: ")
	require.True(s.t, ok, lines[1])
	require.Empty(s.t, lines[2])
	require.NoError(s.t, json.Unmarshal([]byte(data), &m))
	id, ok = strings.CutPrefix(lines[0], "id: ")
	require.True(s.t, ok, lines[0])
	require.Equal(s.t, fmt.Sprint(m.History.Last), id)
	return id, m
}

// TestAdmin_Live: a live stream sends each second once, and events without the words of
// workers. A client that comes again gets what it has missed.
func TestAdmin_Live(t *testing.T) {
	a := startAdmin(t)
	s := a.subscribe(t, "/live", "")
	a.events.Emit(api.Event{Kind: api.EventCrashed, Group: "api"}, "secret")
	points, events, id := 0, 0, ""
	for points < 2 || events == 0 {
		var m api.Live
		id, m = s.next()
		points += m.History.Points
		for _, e := range m.Events {
			events++
			assert.Empty(t, e.Stderr)
		}
	}
	s.resp.Body.Close()
	_, m := a.subscribe(t, "/live", "1").next()
	assert.GreaterOrEqual(t, m.History.Points, 1)
	assert.GreaterOrEqual(t, m.History.Last, uint64(2), id)
}

// TestAdmin_LiveBound: there is a bound of streams, and one that has ended makes room.
func TestAdmin_LiveBound(t *testing.T) {
	a := startAdmin(t)
	a.rights = AdminRights{Token: "token"}
	var open []*subscriber
	for range maxLive {
		open = append(open, a.subscribe(t, "/live?workers=false", ""))
	}
	s := a.subscribe(t, "/live", "")
	assert.Equal(t, http.StatusServiceUnavailable, s.resp.StatusCode)
	assert.Equal(t, "5", s.resp.Header.Get("Retry-After"))

	// Those who have the token have places of their own, as many.
	var own []*subscriber
	for range maxLive {
		one := a.subscribe(t, "/live?workers=false", "", "token")
		assert.Equal(t, http.StatusOK, one.resp.StatusCode)
		own = append(own, one)
	}
	assert.Equal(t, http.StatusServiceUnavailable, a.subscribe(t, "/live", "", "token").resp.StatusCode)
	own[0].resp.Body.Close()
	require.Eventually(t, func() bool {
		return a.subscribe(t, "/live", "", "token").resp.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	assert.Equal(t, http.StatusServiceUnavailable, a.subscribe(t, "/live", "", "wrong").resp.StatusCode)

	open[0].resp.Body.Close()
	require.Eventually(t, func() bool {
		return a.subscribe(t, "/live", "").resp.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
}

// TestLive_Drop: a stream outlives the limit on other answers, and ends when its client
// does not take a message, or with the server.
func TestLive_Drop(t *testing.T) {
	var counted stats.Requests
	m := new(fakeMaster)
	ctx, cancel := context.WithCancel(t.Context())
	l := newLive(liveOptions{ctx: ctx, history: runHistory(t, &counted), events: func(groups []string, n int) taker { return m.events.Read(groups, n) }, public: true,
		trusts: func(*http.Request) bool { return false }})
	w := &stuckWriter{ResponseRecorder: httptest.NewRecorder(), fail: 2}
	l.serve(w, httptest.NewRequest("GET", "/live", nil))
	assert.Equal(t, 2, w.writes)
	assert.Equal(t, []bool{true, false, false}, w.deadlines, "none for reading, and a new one for each message")
	assert.Empty(t, l.others)
	assert.Empty(t, l.trusted)
	cancel()
	l.serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/live", nil)) // returns
}

// A stuckWriter is a connection whose client stops reading.
type stuckWriter struct {
	*httptest.ResponseRecorder
	writes, fail int
	deadlines    []bool // whether each was lifted
}

func (w *stuckWriter) SetReadDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at.IsZero())
	return nil
}

func (w *stuckWriter) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at.IsZero())
	return nil
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	if w.writes++; w.writes == w.fail {
		return 0, errors.New("timeout")
	}
	return w.ResponseRecorder.Write(p)
}
