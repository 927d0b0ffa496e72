package event

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func of(group string, kind Kind) Event { return Event{Group: group, Kind: kind} }

func numbers(events []Event) (out []uint64) {
	for _, e := range events {
		out = append(out, e.Number)
	}
	return out
}

func TestStream_OrderAndChoice(t *testing.T) {
	s := new(Stream)
	for _, group := range []string{"a", "", "b", "b", "a"} {
		s.Emit(of(group, Ready))
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
	assert.Equal(t, []uint64{5}, numbers(s.Newest(1)))
	assert.Len(t, s.Newest(99), 5)

	follow := s.Read([]string{"a"}, 0)
	s.Emit(of("b", Ready))
	s.Emit(of("a", Exited))
	events, lost := follow.Take()
	assert.Zero(t, lost)
	assert.Equal(t, []uint64{7}, numbers(events))
	assert.False(t, events[0].At.IsZero())
	assert.Equal(t, FormatVersion, events[0].FormatVersion)

	var none *Stream
	none.Emit(of("a", Ready)) // does nothing
}

// TestStream_Bounded: the newest events are kept, and a reader that comes too
// late learns how many it has missed.
func TestStream_Bounded(t *testing.T) {
	s := new(Stream)
	slow := s.Read(nil, -1)
	for range kept + 7 {
		s.Emit(Event{Kind: Crashed, Stderr: make([]string, 10*maxStderr)})
	}
	events, lost := slow.Take()
	assert.EqualValues(t, 7, lost)
	assert.Len(t, events, kept)
	assert.Len(t, events[0].Stderr, maxStderr)
	events, lost = slow.Take()
	assert.Empty(t, events)
	assert.Zero(t, lost)
}

// TestReader_EndNow: a reader that ends takes what was there.
func TestReader_EndNow(t *testing.T) {
	s := new(Stream)
	s.Emit(of("a", Starting))
	r := s.Read(nil, -1)
	r.EndNow()
	s.Emit(of("a", Ready))
	events, _ := r.Take()
	assert.Equal(t, []uint64{1}, numbers(events))
	events, _ = r.Take()
	assert.Empty(t, events)
}

// TestReader_Follow: whoever keeps up misses nothing, however many emit.
func TestReader_Follow(t *testing.T) {
	s := new(Stream)
	r := s.Read(nil, -1)
	const emitters, each = 4, 200
	var wg sync.WaitGroup
	for range emitters {
		wg.Go(func() {
			for range each {
				s.Emit(of("a", Ready))
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
	r.Wait(ctx) // returns, though there is nothing
}

// TestStream_Reason: a reason is one line, without what a worker wrote.
func TestStream_Reason(t *testing.T) {
	s := new(Stream)
	for _, reason := range []string{"exit code 3", "worker 0: exit code 3; it wrote:\n    a secret", "one\ntwo", strings.Repeat("é", maxReason)} {
		s.Emit(Event{Kind: Crashed, Reason: reason})
	}
	var reasons []string
	for _, e := range s.Newest(4) {
		reasons = append(reasons, e.Reason)
	}
	assert.Equal(t, []string{"exit code 3", "worker 0: exit code 3", "one", strings.Repeat("é", maxReason/2) + "…"}, reasons)
}

func TestPublic(t *testing.T) {
	e := Event{Kind: Crashed, Reason: "exit code 3", Stderr: []string{"a secret"}}
	assert.Equal(t, Event{Kind: Crashed, Reason: "exit code 3"}, e.Public())
}
