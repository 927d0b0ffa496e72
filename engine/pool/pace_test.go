package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

func at(d time.Duration) netloop.Time { return netloop.Time(time.Hour + d) }

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		name    string
		waiting int
		done    int           // releases since the first refusal
		after   time.Duration // time since the first refusal
		want    time.Duration
	}{
		{"nothing is known", 100, 0, 0, time.Second},
		{"ten a second, 45 wait", 45, 10, time.Second, 5 * time.Second},
		{"fast", 5, 1000, time.Second, time.Second},
		{"hardly any", 1000, 1, time.Second, time.Minute},
		{"none finishes", 3, 0, time.Second, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := testPool(1, 0)
			p.RetryAfter(at(0))
			p.waiting = c.waiting
			p.pace.done += uint64(c.done)
			assert.Equal(t, c.want, p.RetryAfter(at(c.after)))
		})
	}
}

// TestPaceIsThatOfLate: what happened more than a few seconds ago does not
// count.
func TestPaceIsThatOfLate(t *testing.T) {
	p, _ := testPool(1, 0)
	p.waiting = 100
	second := 0
	run := func(seconds, rate int) time.Duration {
		for range seconds {
			second++
			p.pace.done += uint64(rate)
			p.RetryAfter(at(time.Duration(second) * time.Second))
		}
		return p.RetryAfter(at(time.Duration(second) * time.Second))
	}
	assert.Equal(t, 1*time.Second, run(20, 100))
	assert.Equal(t, 10*time.Second, run(20, 10))
	second += 3600
	assert.Equal(t, 1*time.Second, run(1, 0), "after a pause nothing is known")
	assert.Equal(t, 4*time.Second, run(1, 25))
}

func TestReleaseCounts(t *testing.T) {
	p, _ := testPool(0, 1)
	_, taken := claims(t, p, 3)
	for _, c := range taken {
		c.Release()
		c.Release()
	}
	require.EqualValues(t, 3, p.pace.done)
	assert.EqualValues(t, 3, p.Stats().Claims)
}

// TestRetryAfter_FirstRequests: before any slot has become free, the requests in
// flight tell how long one takes at least.
func TestRetryAfter_FirstRequests(t *testing.T) {
	p, _ := testPool(2, 1)
	one, two := &Claim{At: at(0)}, &Claim{At: at(4 * time.Second)}
	require.NoError(t, p.TryClaim(one, nil))
	require.NoError(t, p.TryClaim(two, nil))
	p.waiting = 3
	assert.Equal(t, 9*time.Second, p.RetryAfter(at(8*time.Second)), "6 s each, two at a time")
	p.waiting = 0
	assert.Equal(t, time.Second, p.RetryAfter(at(8*time.Second)))
	one.Release()
	two.ToTunnel().Release()
	p.waiting, p.pace = 3, pace{}
	assert.Equal(t, time.Second, p.RetryAfter(at(9*time.Second)), "none is in flight")
	p.waiting = 0
}

// TestRunning_Overflow: the sum of many late starts overflows, and nothing else.
func TestRunning_Overflow(t *testing.T) {
	var r running
	start := netloop.Time(100 * 365 * 24 * time.Hour)
	for range 1000 {
		r.add(&Claim{At: start})
	}
	assert.Equal(t, time.Millisecond, r.perSlot(start.Add(time.Second)))
}
