package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// controls must not reach a terminal from another program.
const controls = "\x1b]0;title\a\x1b[2J\u009b31m\u202e\x7f"

// hostile serves anything at a control socket, and returns its client.
func hostile(t *testing.T, serve http.HandlerFunc) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := &http.Server{Handler: serve}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until it is closed
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return NewClient(path)
}

// endless writes until the client has gone.
func endless(w http.ResponseWriter, begin, more string) {
	_, err := io.WriteString(w, begin)
	chunk := []byte(strings.Repeat(more, 64<<10/len(more)))
	for err == nil {
		_, err = w.Write(chunk)
	}
}

// asks returns all requests of a client, by name.
func asks(ctx context.Context, c *Client) map[string]func() error {
	return map[string]func() error{
		"status":      func() error { _, _, err := c.Status(ctx); return err },
		"ps":          func() error { _, err := c.Requests(ctx, RequestsWanted{Limit: 10}); return err },
		"plan":        func() error { _, err := c.Plan(ctx, api.PlanRequest{}); return err },
		"explain":     func() error { _, err := c.Explain(ctx, api.Question{}); return err },
		"reload":      func() error { return c.Reload(ctx, api.ReloadRequest{}, func(api.ReloadStep) error { return nil }) },
		"scale":       func() error { return c.Scale(ctx, "a", 1) },
		"restart":     func() error { return c.Restart(ctx, "a") },
		"restart one": func() error { return c.RestartWorker(ctx, "a", 1) },
		"hold":        func() error { return c.Hold(ctx, "a") },
		"stop":        func() error { return c.Stop(ctx, api.StopRequest{}) },
	}
}

// TestHostileServer: a client reads a limited answer in a limited time, and returns
// nothing that a terminal obeys.
func TestHostileServer(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"body":    func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"groups":[`, `{},`) },
		"string":  func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"version":"`, "a") },
		"refusal": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); endless(w, `{"error":"`, "a") },
		"head": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-A", strings.Repeat("a", 1<<20))
			w.WriteHeader(200)
		},
		"depth": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("[", 100_000)) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		},
		"error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_ = json.NewEncoder(w).Encode(api.Done{FormatVersion: api.ControlVersion, Error: controls})
		},
	} {
		c := hostile(t, serve)
		assert.EqualValues(t, maxAnswer, c.most)
		c.most = 1 << 20
		for what, ask := range asks(t.Context(), c) {
			err := ask()
			if name == "depth" && (what == "scale" || what == "restart" || what == "restart one" || what == "hold" || what == "stop") {
				continue // the client does not parse these answers
			}
			if assert.Error(t, err, "%s: %s", name, what) {
				assert.NotRegexp(t, `[^\n\t\x20-\x7e]`, err.Error())
			}
		}
	}
}

// TestHostileServer_Endless: answers that have no natural end are limited as well,
// except a log that is followed.
func TestHostileServer_Endless(t *testing.T) {
	c := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/reload" {
			endless(w, "", `{"event":"replaced","group":"a"}`+"\n")
			return
		}
		endless(w, "", "a line\n")
	})
	c.most = 1 << 20
	steps := 0
	err := c.Reload(t.Context(), api.ReloadRequest{}, func(api.ReloadStep) error { steps++; return nil })
	assert.ErrorContains(t, err, "its answer is too long")
	assert.Positive(t, steps)
	assert.ErrorContains(t, c.Logs(t.Context(), TailRequest{Newest: -1}, io.Discard), "its answer is too long")

	ctx, cancel := context.WithCancel(t.Context())
	follow := &enough{want: 8 * c.most, done: cancel}
	assert.ErrorIs(t, c.Logs(ctx, TailRequest{Follow: true}, follow), context.Canceled)
}

// An enough calls done once it has got so many bytes.
type enough struct {
	want int64
	done func()
}

func (e *enough) Write(p []byte) (int, error) {
	if e.want -= int64(len(p)); e.want < 0 {
		e.done()
	}
	return len(p), nil
}

// TestHostileServer_Status: a client reads a status of up to 8 MiB.
func TestHostileServer_Status(t *testing.T) {
	for size, good := range map[int]bool{7 << 20: true, 9 << 20: false} {
		c := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"version":"%s"}`, strings.Repeat("a", size))
		})
		_, _, err := c.Status(t.Context())
		if good {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, "its answer is too long; the most is 8 MiB")
		}
	}
}

// TestHostileServer_Tail: lines come whole, however the bytes arrive, and the last
// line can lack its newline.
func TestHostileServer_Tail(t *testing.T) {
	c := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		for _, part := range []string{"one\ntw", "o\n", strings.Repeat("x", 200<<10), "\nthr", "ee"} {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	})
	for _, follow := range []bool{false, true} {
		var all strings.Builder
		require.NoError(t, c.tail(t.Context(), "/v1/logs", TailRequest{Follow: follow}, func(lines []byte) error {
			assert.True(t, bytes.HasSuffix(lines, []byte("\n")) || bytes.HasSuffix(lines, []byte("three")), "%.20q", lines)
			all.Write(lines)
			return nil
		}))
		assert.Equal(t, "one\ntwo\n"+strings.Repeat("x", 200<<10)+"\nthree", all.String())
		err := c.tail(t.Context(), "/v1/logs", TailRequest{Follow: follow}, func([]byte) error { return io.ErrShortWrite })
		assert.ErrorIs(t, err, io.ErrShortWrite)
	}
}

// TestHostileServer_Reload: a caller that follows a reload gets no step that a master
// does not send.
func TestHostileServer_Reload(t *testing.T) {
	for _, answer := range []string{`{"event":"finished"}`, `{"event":"applied","generation":3}`, `{"event":"applied","generation":3}{"event":"finished"}`, `[]`, `7`} {
		c := hostile(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer+"\n") })
		assert.Error(t, c.Reload(t.Context(), api.ReloadRequest{}, func(e api.ReloadStep) error {
			assert.Failf(t, "told", "%+v", e)
			return nil
		}), answer)
	}
}

// TestHostileServer_Nothing: an empty answer is an error.
func TestHostileServer_Nothing(t *testing.T) {
	for _, answer := range []string{"null", " [] ", `""`, "0"} {
		c := hostile(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		for _, what := range []string{"status", "plan", "explain"} {
			assert.ErrorContains(t, asks(t.Context(), c)[what](), "its answer makes no sense", "%s: %s", what, answer)
		}
	}
}

// TestHostileServer_Time: a client without an answer does not wait for ever.
func TestHostileServer_Time(t *testing.T) {
	c := hostile(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c.quick = time.Millisecond
	for _, what := range []string{"status", "stop"} {
		assert.ErrorContains(t, asks(t.Context(), c)[what](), "no answer within 1ms", what)
	}
	assert.ErrorContains(t, c.Logs(t.Context(), TailRequest{}, io.Discard), "no answer within 1ms")
	assert.ErrorContains(t, c.Events(t.Context(), TailRequest{}, nil), "no answer within 1ms")
	for _, noWait := range []bool{false, true} {
		assert.ErrorContains(t, c.Reload(t.Context(), api.ReloadRequest{NoWait: noWait}, nil), "no answer within 1ms")
	}
	drips := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	drips.quick = time.Millisecond
	err := drips.Reload(t.Context(), api.ReloadRequest{NoWait: true}, nil)
	assert.ErrorContains(t, err, "no answer within 1ms")
	assert.Equal(t, 1, strings.Count(err.Error(), "master at"), "said once")
}

// TestHostileServer_Texts: no text of a good answer has sequences that a terminal
// obeys.
func TestHostileServer_Texts(t *testing.T) {
	quoted, err := json.Marshal(controls)
	require.NoError(t, err)
	c := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/status":
			fmt.Fprintf(w, "{\r\n\"version\": %s, \"groups\": [{\"name\": %[1]s, \"workers\": [{\"last_exit\": %[1]s}]}], \"x\": \"\xff\"}", quoted)
		case "/v1/reload":
			fmt.Fprintf(w, `{"event":"failed","error":%s,"stderr":[%[1]s]}`+"\n", quoted)
		case "/v1/explain":
			fmt.Fprintf(w, `{"request":%s,"group":%[1]s}`, quoted)
		case "/v1/logs":
			fmt.Fprint(w, "line "+controls+"\x1b[31mred\x1b[0m\r\x00\xff\n")
		}
	})
	const shown = `\x1b]0;title\x07\x1b[2J\u009b31m\u202e\u007f`
	st, raw, err := c.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{shown, shown, shown}, []string{st.Version, st.Groups[0].Name, st.Groups[0].Workers[0].LastExit})
	assert.True(t, json.Valid(raw))
	assert.NotContains(t, string(raw), "\r")
	e, err := c.Explain(t.Context(), api.Question{})
	require.NoError(t, err)
	assert.Equal(t, shown, e.Group)
	require.NoError(t, c.Reload(t.Context(), api.ReloadRequest{}, func(e api.ReloadStep) error {
		assert.Equal(t, shown, e.Error)
		assert.Equal(t, []string{shown}, e.Stderr)
		return nil
	}))
	var logs bytes.Buffer
	require.NoError(t, c.Logs(t.Context(), TailRequest{}, &logs))
	assert.Equal(t, "line "+shown+`red\x0d\x00\xff`+"\n", logs.String())
}
