package event

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
)

func of(group string, kind api.EventKind) api.Event { return api.Event{Group: group, Kind: kind} }

func numbers(events []api.ControlEvent) (out []uint64) {
	for _, e := range events {
		out = append(out, e.Number)
	}
	return out
}

func TestStream_OrderAndChoice(t *testing.T) {
	s := new(Stream)
	for _, group := range []string{"a", "", "b", "b", "a"} {
		s.Emit(of(group, api.EventReady))
	}
	take := func(groups []string, n int) []uint64 {
		events, lost := s.Read(groups, n).Take()
		assert.Zero(t, lost)
		return numbers(events)
	}
	assert.Equal(t, []uint64{1, 2, 3, 4, 5}, take(nil, -1))
	assert.Equal(t, []uint64{4, 5}, take(nil, 2))
	assert.Empty(t, take(nil, 0))
	assert.Equal(t, []uint64{1, 5}, take([]string{"a"}, -1))
	assert.Equal(t, []uint64{4, 5}, take([]string{"a", "b"}, 2))
	assert.Empty(t, take([]string{"c"}, -1))
	assert.Equal(t, 5, s.Since(api.EventReady, time.Now().Add(-time.Hour)))
	assert.Zero(t, s.Since(api.EventReady, time.Now().Add(time.Hour)))
	assert.Zero(t, s.Since(api.EventExited, time.Time{}))
	assert.Equal(t, []uint64{5}, []uint64{s.Newest(1)[0].Number})
	assert.Len(t, s.Newest(99), 5)

	follow := s.Read([]string{"a"}, 0)
	s.Emit(of("b", api.EventReady))
	s.Emit(of("a", api.EventExited))
	events, lost := follow.Take()
	assert.Zero(t, lost)
	assert.Equal(t, []uint64{7}, numbers(events))
	events, _ = s.Read(nil, 1, api.EventCrashed, api.EventExited).Take()
	assert.Equal(t, []uint64{7}, numbers(events))
	assert.False(t, events[0].At.IsZero())
	assert.Equal(t, api.EventVersion, events[0].FormatVersion)

	var none *Stream
	none.Emit(of("a", api.EventReady)) // does nothing
}

// TestStream_Public: what may hold secrets is only for readers at the control socket, and
// both reasons have bounds.
func TestStream_Public(t *testing.T) {
	s := new(Stream)
	s.Emit(api.Event{Kind: api.EventBeforeStart, Reason: "migrate --key hunter2" + strings.Repeat("x", maxReason), PublicReason: "migrate\n" + strings.Repeat("x", maxReason)}, "hunter2")
	s.Emit(api.Event{Kind: api.EventCrashed, Reason: "exit code 1"})
	events, _ := s.Read(nil, -1).Take()
	assert.Contains(t, events[0].Reason, "migrate --key hunter2x")
	assert.LessOrEqual(t, len(events[0].Reason), maxReason+len("…"))
	public, _ := s.ReadPublic(nil, -1).Take()
	assert.Equal(t, public, s.Newest(2))
	assert.Equal(t, "migrate", public[0].Reason)
	assert.Equal(t, "exit code 1", public[1].Reason)
}

// TestStream_Bounded: the stream keeps the newest events, and a reader that is too
// slow learns how many it has lost.
func TestStream_Bounded(t *testing.T) {
	s := new(Stream)
	slow := s.Read(nil, -1)
	for range kept + 7 {
		s.Emit(api.Event{Kind: api.EventCrashed}, make([]string, 10*maxStderr)...)
	}
	events, lost := slow.Take()
	assert.EqualValues(t, 7, lost)
	assert.Len(t, events, kept)
	assert.Len(t, events[0].Stderr, maxStderr)
	events, lost = slow.Take()
	assert.Empty(t, events)
	assert.Zero(t, lost)
}

// TestReader_EndNow: a reader that ends returns only the events that were there.
func TestReader_EndNow(t *testing.T) {
	s := new(Stream)
	s.Emit(of("a", api.EventStarting))
	r := s.Read(nil, -1)
	r.EndNow()
	s.Emit(of("a", api.EventReady))
	events, _ := r.Take()
	assert.Equal(t, []uint64{1}, numbers(events))
	events, _ = r.Take()
	assert.Empty(t, events)
}

// TestReader_Follow: a reader that keeps up loses nothing, however many emit.
func TestReader_Follow(t *testing.T) {
	s := new(Stream)
	r := s.Read(nil, -1)
	const emitters, each = 4, 200
	var wg sync.WaitGroup
	for range emitters {
		wg.Go(func() {
			for range each {
				s.Emit(of("a", api.EventReady))
			}
		})
	}
	seen, next := 0, uint64(1)
	for seen < emitters*each {
		r.Wait(t.Context())
		events, lost := r.Take()
		assert.Zero(t, lost)
		for _, e := range events {
			assert.Equal(t, next, e.Number)
			next++
		}
		seen += len(events)
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Wait(ctx) // returns, although there is no event
}

// TestStream_Reason: a reason is one line, without the output of a worker.
func TestStream_Reason(t *testing.T) {
	s := new(Stream)
	for _, reason := range []string{"exit code 3", "worker 0: exit code 3; it wrote:\n    a secret", "one\ntwo", strings.Repeat("é", maxReason)} {
		s.Emit(api.Event{Kind: api.EventCrashed, Reason: reason})
	}
	var reasons []string
	for _, e := range s.Newest(4) {
		reasons = append(reasons, e.Reason)
	}
	assert.Equal(t, []string{"exit code 3", "worker 0: exit code 3", "one", strings.Repeat("é", maxReason/2) + "…"}, reasons)
}
