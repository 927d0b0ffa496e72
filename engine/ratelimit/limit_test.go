package ratelimit

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func setting(t testing.TB, rate string, burst int) plan.RateLimit {
	t.Helper()
	r, err := plan.ParseRate(rate)
	require.NoError(t, err)
	l, err := plan.NewRateLimit(r, burst, match.Key{By: match.KeyClientIP})
	require.NoError(t, err)
	return l
}

func limit(t testing.TB, rate string, burst int) *Limit {
	return &Limit{Setting: setting(t, rate, burst), sets: mostSets, done: new(totals)}
}

// take sends n requests with a key at once, and returns how many are let in
// and the last wait.
func take(l *Limit, now time.Duration, key Key, n int) (in int, wait time.Duration) {
	for range n {
		refused, w := Take(now, []Check{{l, key}})
		if refused == nil {
			in++
		}
		wait = w
	}
	return in, wait
}

func numbered(n uint64) Key {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return KeyOf(b[:])
}

// TestBurstAndRate: a burst comes in at once, and then one request per
// interval; the wait ends exactly when the next request is let in.
func TestBurstAndRate(t *testing.T) {
	const interval = 100 * time.Millisecond
	l := limit(t, "10/s", 20)
	now := time.Hour
	in, wait := take(l, now, 7, 50)
	assert.Equal(t, 20, in)
	assert.Equal(t, interval, wait)
	in, _ = take(l, now+wait-1, 7, 1)
	assert.Zero(t, in, "a nanosecond too early")
	now += wait
	in, wait = take(l, now, 7, 2)
	assert.Equal(t, 1, in)
	assert.Equal(t, interval, wait)
	in, _ = take(l, now, 8, 50)
	assert.Equal(t, 20, in, "another key has its own")
	now += 5 * interval
	in, _ = take(l, now, 7, 50)
	assert.Equal(t, 5, in)
	now += time.Hour
	in, _ = take(l, now, 7, 50)
	assert.Equal(t, 20, in, "a pause gives no more than the burst")
}

// TestAgainstReference compares a limit with a bucket that fills with time and
// holds a burst.
func TestAgainstReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		burst := 1 + random.IntN(30)
		l := limit(t, []string{"1000000/s", "3/s", "7/m", "0.5/s", "1/d"}[random.IntN(5)], burst)
		interval := l.Setting.Interval()
		full := interval * time.Duration(burst)
		now, credit := time.Hour, full
		for range 500 {
			pause := time.Duration(random.Int64N(int64(2 * interval)))
			now, credit = now+pause, min(credit+pause, full)
			in, wait := take(l, now, 1, 1)
			if credit >= interval {
				require.Equal(t, 1, in)
				require.Zero(t, wait)
				credit -= interval
				continue
			}
			require.Zero(t, in)
			require.Equal(t, interval-credit, wait)
		}
	}
}

// TestClockGoesBack: a clock that goes back lets in no more.
func TestClockGoesBack(t *testing.T) {
	l := limit(t, "1/s", 5)
	in := 0
	for i := range 1000 {
		one, _ := take(l, time.Hour-time.Duration(i)*time.Millisecond, 1, 1)
		in += one
	}
	assert.LessOrEqual(t, in, 5)
	assert.GreaterOrEqual(t, in, 4, "a burst can need as long as the clock went back")
}

// TestManyAtOnce: goroutines that share a key are let in exactly as often as
// the limit says, from the first request of the key on.
func TestManyAtOnce(t *testing.T) {
	const goroutines, keys, burst = 8, 50, 100
	for round := range 5 {
		l := limit(t, "1/d", burst)
		var in [keys]atomic.Int64
		var start, done sync.WaitGroup
		start.Add(1)
		for range goroutines {
			done.Go(func() {
				start.Wait()
				for range burst {
					for k := range keys {
						n, _ := take(l, time.Hour, numbered(uint64(k)), 1)
						in[k].Add(int64(n))
					}
				}
			})
		}
		start.Done()
		done.Wait()
		for k := range keys {
			require.EqualValues(t, burst, in[k].Load(), "round %d, key %d", round, k)
		}
	}
}

// TestFullTable: whoever invents keys never lifts the limit of another, and all
// together get no more than the entries of the table allow.
func TestFullTable(t *testing.T) {
	const burst, sets = 4, 64
	l := limit(t, "1/d", burst)
	l.table.Store(newTable(l.Setting, sets, l.done))
	const victim = Key(1)
	in, _ := take(l, time.Hour, victim, 100)
	require.Equal(t, burst, in)
	all := 0
	for i := range uint64(30 * sets * ways) {
		in, _ := take(l, time.Hour, numbered(i), 1)
		all += in
		in, _ = take(l, time.Hour, victim, 1)
		require.Zero(t, in, "the limit of another is not lifted")
	}
	assert.Equal(t, burst*(sets*ways-1), all)
	st := l.Status(time.Hour)
	assert.Equal(t, sets*ways, st.Keys)
	assert.Positive(t, st.Evicted)
	assert.Positive(t, st.Refused)
	later := time.Hour + burst*24*time.Hour
	in, _ = take(l, later, victim, 100)
	assert.Equal(t, burst, in, "everything is forgotten in time")
	assert.Equal(t, 1, l.Status(later).Keys)
}

// TestManyKeys: keys that are not in debt leave no trace, however
// many there are.
func TestManyKeys(t *testing.T) {
	l := limit(t, "10/s", 2)
	now := time.Hour
	for i := range uint64(100_000) {
		now += 10 * time.Microsecond // so 20,000 keys are in debt at a time
		in, _ := take(l, now, numbered(i), 3)
		require.Equal(t, 2, in, "key %d", i)
	}
	assert.Zero(t, l.Status(now).Evicted)
}

// TestThrashing: goroutines that drive each other out of a full set get no more
// than its entries allow.
func TestThrashing(t *testing.T) {
	const burst, goroutines = 10, 8
	l := limit(t, "1/d", burst)
	l.table.Store(newTable(l.Setting, 1, l.done))
	var in atomic.Int64
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 3))
			for range 5000 {
				n, _ := take(l, time.Hour, numbered(random.Uint64N(100)), 1)
				in.Add(int64(n))
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, burst*ways, in.Load())
}

// TestAllOrNone: a request that one limit refuses does not count for the
// others, and the wait is that until all let it in.
func TestAllOrNone(t *testing.T) {
	wide, narrow, slow := limit(t, "1/s", 10), limit(t, "1/s", 2), limit(t, "1/m", 2)
	checks := []Check{{wide, 1}, {narrow, 2}, {slow, 3}}
	for i := range 5 {
		refused, wait := Take(time.Hour, checks)
		if i < 2 {
			require.Nil(t, refused)
			continue
		}
		require.Same(t, narrow, refused)
		require.Equal(t, time.Minute, wait)
	}
	in, _ := take(wide, time.Hour, 1, 100)
	assert.Equal(t, 8, in)
	assert.EqualValues(t, 3, narrow.Status(time.Hour).Refused)
	assert.Zero(t, slow.Status(time.Hour).Refused, "a refusal counts once")
}

// TestAllOrNoneAtOnce is TestAllOrNone with many goroutines: whatever the
// narrow limit refuses is given back.
func TestAllOrNoneAtOnce(t *testing.T) {
	const wideBurst, narrowBurst, goroutines = 5000, 300, 8
	wide, narrow := limit(t, "1/h", wideBurst), limit(t, "1/h", narrowBurst)
	var in atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range 500 {
				if refused, _ := Take(time.Hour, []Check{{wide, 1}, {narrow, 2}}); refused == nil {
					in.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, narrowBurst, in.Load())
	left, _ := take(wide, time.Hour, 1, 2*wideBurst)
	assert.Equal(t, wideBurst-narrowBurst, left)
}

func TestKeys(t *testing.T) {
	addr := func(s string) Key { return KeyOfAddr(netip.MustParseAddr(s)) }
	assert.Equal(t, addr("2001:db8::1"), addr("2001:db8::ffff:0:0:1"), "one /64")
	assert.NotEqual(t, addr("2001:db8::1"), addr("2001:db8:0:1::1"))
	assert.NotEqual(t, addr("192.0.2.1"), addr("192.0.2.2"))
	assert.Equal(t, addr("192.0.2.1"), addr("::ffff:192.0.2.1"), "an IPv4 address in another form")
	assert.NotEqual(t, addr("::ffff:192.0.2.2"), addr("::ffff:192.0.2.1"))
	assert.Equal(t, addr("fe80::1%eth0"), addr("fe80::2"))
	assert.Equal(t, NoKey, KeyOfAddr(netip.Addr{}))
	assert.Equal(t, NoKey, KeyOf(nil))
	assert.Equal(t, KeyOf([]byte("a")), KeyOf([]byte("a")))
	assert.NotEqual(t, KeyOf([]byte("a")), KeyOf([]byte("b")))
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]int64{1: 1, time.Second: 1, time.Second + 1: 2, time.Hour: 3600} {
		assert.Equal(t, want, RetryAfter(wait), wait)
	}
}

// TestHugeNumbers: the largest burst and the longest interval do not overflow.
func TestHugeNumbers(t *testing.T) {
	fast := limit(t, "1000000/s", plan.MaxBurst)
	in, wait := take(fast, 200*365*24*time.Hour, 1, plan.MaxBurst+1)
	assert.Equal(t, plan.MaxBurst, in)
	assert.Equal(t, time.Microsecond, wait)
	slow := limit(t, "1/d", 3650)
	in, wait = take(slow, 200*365*24*time.Hour, 1, 3651)
	assert.Equal(t, 3650, in)
	assert.Equal(t, 24*time.Hour, wait)
}

func TestTakeAllocatesNothing(t *testing.T) {
	a, b := limit(t, "10/s", 2), limit(t, "10/s", 2)
	addr := netip.MustParseAddr("2001:db8::1")
	now := time.Hour
	checks := make([]Check, 2)
	take := func() {
		now += time.Millisecond
		checks[0], checks[1] = Check{a, KeyOfAddr(addr)}, Check{b, NoKey}
		Take(now, checks)
	}
	take()
	assert.Zero(t, testing.AllocsPerRun(1000, take))
}

func BenchmarkTake(b *testing.B) {
	addr := netip.MustParseAddr("192.0.2.1")
	one := func(b *testing.B, rate string, limits int) {
		checks := make([]Check, limits)
		for i := range checks {
			checks[i].Limit = limit(b, rate, 20)
		}
		now := time.Hour
		b.ReportAllocs()
		for b.Loop() {
			now += time.Microsecond
			for i := range checks {
				checks[i].Key = KeyOfAddr(addr)
			}
			Take(now, checks)
		}
	}
	b.Run("in", func(b *testing.B) { one(b, "1000000/s", 1) })
	b.Run("refused", func(b *testing.B) { one(b, "1/s", 1) })
	b.Run("in_by_3", func(b *testing.B) { one(b, "1000000/s", 3) })
	b.Run("keys", func(b *testing.B) {
		l, now, n := limit(b, "10/s", 2), time.Hour, uint64(0)
		b.ReportAllocs()
		for b.Loop() {
			n++
			now += time.Microsecond
			Take(now, []Check{{l, numbered(n)}})
		}
	})
	b.Run("parallel", func(b *testing.B) {
		l := limit(b, "1000000/s", 20)
		b.RunParallel(func(pb *testing.PB) {
			checks := make([]Check, 1)
			for pb.Next() {
				checks[0] = Check{l, KeyOfAddr(addr)}
				Take(time.Hour, checks)
			}
		})
	})
}
