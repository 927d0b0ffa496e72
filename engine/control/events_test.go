package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestServer_Events(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	index := 1
	m.events.Emit(api.Event{Kind: api.EventCrashed, Group: "gone", Worker: &index, Reason: "exit code 1"}, "last words")
	m.events.Emit(api.Event{Kind: api.EventReloading})
	ask := func(want TailRequest) (kinds []api.EventKind) {
		t.Helper()
		require.NoError(t, c.Events(t.Context(), want, func(e api.ControlEvent, lost uint64) error {
			assert.Zero(t, lost)
			kinds = append(kinds, e.Kind)
			return nil
		}))
		return kinds
	}
	assert.Equal(t, []api.EventKind{api.EventCrashed, api.EventReloading}, ask(TailRequest{Newest: -1}))
	assert.Equal(t, []api.EventKind{api.EventReloading}, ask(TailRequest{Newest: 1}))
	assert.Equal(t, []api.EventKind{api.EventCrashed}, ask(TailRequest{Groups: []string{"gone"}, Newest: -1}))
	err := c.Events(t.Context(), TailRequest{Groups: []string{"nosuch"}}, nil)
	require.ErrorContains(t, err, `no group "nosuch"`)

	// Events that come later are told at once and in full.
	var got []api.ControlEvent
	enough := errors.New("enough")
	err = c.Events(t.Context(), TailRequest{Newest: 2, Follow: true}, func(e api.ControlEvent, _ uint64) error {
		if got = append(got, e); len(got) == 2 {
			m.events.Emit(api.Event{Kind: api.EventReloaded, Generation: 2})
		}
		if len(got) == 3 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	assert.Equal(t, []string{"last words"}, got[0].Stderr)
	assert.Equal(t, 1, *got[0].Worker)
	assert.Equal(t, api.EventReloaded, got[2].Kind)
}

// TestServer_EventsLost: a client learns how many events it has lost.
func TestServer_EventsLost(t *testing.T) {
	c := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"lost":3}`+"\n"+`{"lost":4}`+"\n"+`{"format_version":1,"event":"ready","group":"\u001b[2J"}`+"\n")
	})
	calls := 0
	require.NoError(t, c.Events(t.Context(), TailRequest{}, func(e api.ControlEvent, lost uint64) error {
		calls++
		assert.EqualValues(t, 7, lost)
		assert.Equal(t, `\x1b[2J`, e.Group, "nothing that a terminal obeys")
		return nil
	}))
	assert.Equal(t, 1, calls)
}

// TestServer_EventsBounded: an answer is limited if it does not follow, and its lines
// are limited if it does.
func TestServer_EventsBounded(t *testing.T) {
	c := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("follow") == "true" {
			endless(w, `{"event":"`, "a")
			return
		}
		endless(w, "", `{"event":"ready"}`+"\n")
	})
	c.most = 1 << 20
	none := func(api.ControlEvent, uint64) error { return nil }
	for _, follow := range []bool{false, true} {
		assert.ErrorContains(t, c.Events(t.Context(), TailRequest{Follow: follow}, none), "its answer is too long")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, c.Events(ctx, TailRequest{}, none), context.Canceled)
}
