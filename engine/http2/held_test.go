package http2

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// TestHeldUpStreamsAreForgotten checks that streams which the client resets while their
// answers are held up, by the window of the connection or by a client that reads nothing,
// are not kept: nothing else limits how many of them there are.
func TestHeldUpStreamsAreForgotten(t *testing.T) {
	const rounds = 5 * maxStreams
	for name, setting := range map[string][]http2.Setting{
		"window": nil,
		"socket": {{ID: http2.SettingInitialWindowSize, Val: maxWindow}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "", nil)
			r.worker(func(w http.ResponseWriter, req *http.Request) {
				for {
					if _, err := w.Write(bodyOf(16 << 10)); err != nil {
						return
					}
				}
			})
			c := r.raw(setting...)
			if name == "socket" {
				require.NoError(t, c.WriteWindowUpdate(0, maxWindow-defaultWindow))
			}
			c.ask(get(), true)
			k := r.server.all()[0]
			locked := func(f func() bool) bool {
				k.mu.Lock()
				defer k.mu.Unlock()
				return f()
			}
			for range rounds {
				id := c.ask(get(":method: POST", ":path: *"), false) // ldcorn answers
				require.NoError(t, c.WriteData(id, false, make([]byte, 2<<10)))
				soon(t, func() bool {
					return locked(func() bool { st := k.table[id]; return k.top >= id && (st == nil || st.ended) })
				}, "no answer")
				require.NoError(t, c.WriteRSTStream(id, http2.ErrCodeCancel))
			}
			soon(t, func() bool { return locked(func() bool { return len(k.table) == 1 }) }, "streams are kept")
		})
	}
}

// TestDataBehindEarlyAnswers checks that a client keeps its connection if it sends, within
// its windows, what it has begun on many streams that were answered early: it cannot know
// of the resets yet. Trailers may be among it.
func TestDataBehindEarlyAnswers(t *testing.T) {
	r := newRig(t, "", nil)
	r.worker(func(w http.ResponseWriter, req *http.Request) { w.WriteHeader(http.StatusTeapot) })
	c := r.raw()
	var ids []uint32
	for range maxStreams {
		ids = append(ids, c.ask(get(":method: POST", ":path: *"), false))
	}
	for range ids {
		c.read(func(f http2.Frame) bool {
			rst, ok := f.(*http2.RSTStreamFrame)
			return ok && rst.ErrCode == http2.ErrCodeNo
		})
	}
	after := c.next
	for i, id := range ids {
		for range 20 * (i % 2) {
			require.NoError(t, c.WriteData(id, false, make([]byte, 100)))
		}
		c.next = id
		c.ask([]string{"x-a: b"}, true)
	}
	c.next = after
	got := c.hear(c.ask(get(), true))
	assert.Equal(t, "418", got.status)
	assert.Empty(t, got.goAway)
}

// TestLastInitialWindow checks that of several initial windows in a frame, the last one
// holds, and that those before it cost nothing.
func TestLastInitialWindow(t *testing.T) {
	r := newRig(t, "", nil)
	r.worker(func(w http.ResponseWriter, req *http.Request) { _, _ = w.Write(bodyOf(100)) })
	c := r.raw(
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: 50})
	id := c.ask(get(), true)
	d := c.read(func(f http2.Frame) bool { _, ok := f.(*http2.DataFrame); return ok }).(*http2.DataFrame)
	assert.Len(t, d.Data(), 50)
	require.NoError(t, c.WriteWindowUpdate(id, 50))
	assert.Len(t, c.hear(id).body, 50)
}

// TestBlankAround checks that a value which begins or ends with a space or a tab is
// malformed (RFC 9113 section 8.2.1).
func TestBlankAround(t *testing.T) {
	r := newRig(t, "", nil)
	r.worker(hello)
	c := r.raw()
	for _, field := range []string{"x-a:  b", "x-a: b ", "x-a: \tb", "x-a: b\t", "x-a:  ", "content-length: 0 "} {
		assert.Equal(t, "PROTOCOL_ERROR", c.hear(c.ask(get(field), true)).reset, "%q", field)
	}
	assert.Equal(t, "200", c.hear(c.ask(get("x-a: b c\td", "x-b:"), true)).status)
}
