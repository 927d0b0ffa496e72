package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestReserveIsLent: while a group that needs two limits waits for one that is in
// hand for long, others get the units of the other one for nine tenths of the
// time, and none waits for them for long at first. Once the missing unit is free,
// the group gets its slot.
func TestReserveIsLent(t *testing.T) {
	var limits Limits
	clock := withClock(&limits)
	p := sharing(&limits, limitsOf("a", 1, "b", 1), limitsOf("a", 1), limitsOf("b", 1))
	long := claimed(t, p[2]).ToTunnel()
	both := queued(t, p[0])
	a, next := claimed(t, p[1]), queued(t, p[1])
	var spans []time.Duration
	var kept time.Duration
	const all = 2 * time.Hour
	for clock.now() < netloop.Time(all) {
		clock.advance(time.Second) // as long as a request takes
		a.Release()
		if from := clock.now(); next.Worker() == nil {
			require.NotZero(t, clock.due(), "a is kept without an end")
			clock.advanceTo(clock.due())
			require.NotNil(t, next.Worker(), "a is kept for longer")
			spans = append(spans, clock.now().Sub(from))
			kept += spans[len(spans)-1]
		} else {
			require.Zero(t, clock.due(), "nothing is kept")
		}
		a, next = next, queued(t, p[1])
	}
	require.Greater(t, len(spans), 5)
	assert.LessOrEqual(t, spans[0], 10*time.Second, "for which the group has waited")
	for i := range spans[1:] {
		assert.Equal(t, min(2*spans[i], maxSpan), spans[i+1])
	}
	assert.Less(t, kept, all/5)
	assert.Nil(t, both.Worker())
	long.Release()
	a.Release()
	assert.NotNil(t, both.Worker())
	assert.Nil(t, next.Worker())
	both.Release()
	assert.NotNil(t, next.Worker())
	next.Release()
	assert.Zero(t, clock.due())
}

// TestReserveOutlastsRequests: a group that needs two limits gets them although
// others always wait for each of them, and have one for a minute at a time.
func TestReserveOutlastsRequests(t *testing.T) {
	var limits Limits
	clock := withClock(&limits)
	p := sharing(&limits, limitsOf("a", 1, "b", 1), limitsOf("a", 1), limitsOf("b", 1))
	type stream struct {
		pool       *Pool
		took       time.Duration // by each request
		held, next *Claim
		ends       netloop.Time
	}
	streams := []*stream{{pool: p[1], took: time.Second}, {pool: p[2], took: time.Minute}}
	for _, s := range streams {
		s.held, s.ends = claimed(t, s.pool), clock.now().Add(s.took)
		s.next = queued(t, s.pool)
	}
	both := queued(t, p[0])
	for both.Worker() == nil {
		clock.advance(time.Second / 2)
		require.Less(t, clock.now(), netloop.Time(time.Hour), "the group starves")
		for _, s := range streams {
			if s.held != nil && s.ends <= clock.now() {
				s.held.Release()
				s.held = nil
			}
			if s.held == nil && s.next.Worker() != nil {
				s.held, s.ends = s.next, clock.now().Add(s.took)
				s.next = queued(t, s.pool)
			}
		}
	}
}

// TestReserveEnds: the system's timer gives away what was kept, although nothing
// else happens.
func TestReserveEnds(t *testing.T) {
	var limits Limits
	p := sharing(&limits, limitsOf("a", 1, "b", 1), limitsOf("a", 1), limitsOf("b", 1))
	long := claimed(t, p[2])
	both := enqueue(t, p[0])
	a := claimed(t, p[1])
	for range maxSkipped + 1 {
		next := enqueue(t, p[1])
		a.Release()
		require.NoError(t, <-next.err)
		a = &next.claim
	}
	limits.mu.Lock()
	assert.NotZero(t, p[0].share.reserve.span, "a was kept")
	limits.mu.Unlock()
	long.Release()
	a.Release()
	require.NoError(t, <-both.err)
	both.claim.Release()
	limits.mu.Lock()
	defer limits.mu.Unlock()
	assert.Zero(t, limits.due)
}
