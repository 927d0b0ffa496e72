package history

import (
	"cmp"
	"math"
	"slices"

	"github.com/ldcorn/ldcorn/engine/stats"
)

// unknown is a value that is not known.
var unknown = float32(math.NaN())

// buckets count durations as stats.Times does, over a second or a minute.
type buckets [len(stats.Bounds) + 1]uint32

// since sets b to what was counted since then. Both counts can have wrapped around.
func (b *buckets) since(now *stats.Times, then *buckets) {
	for i, n := range now.Buckets {
		b[i] = uint32(n) - then[i]
		then[i] = uint32(n)
	}
}

func (b *buckets) add(c *buckets) {
	for i, n := range c {
		b[i] += n
	}
}

// percentile returns the seconds that a part of the durations did not exceed. It is
// unknown if there are none.
func (b *buckets) percentile(part float64) float32 {
	total := uint64(0)
	for _, n := range b {
		total += uint64(n)
	}
	if total == 0 {
		return unknown
	}
	rank, before := math.Ceil(part*float64(total)), 0.0
	for i, n := range b {
		if before += float64(n); before < rank {
			continue
		}
		if i == len(stats.Bounds) {
			break // longer than all bounds
		}
		low, high := 0.0, stats.Bounds[i].Seconds()
		if i > 0 {
			low = stats.Bounds[i-1].Seconds()
		}
		return float32(low + (high-low)*(rank-before+float64(n)-0.5)/float64(n))
	}
	return float32(stats.Bounds[len(stats.Bounds)-1].Seconds())
}

// wait is like percentile, for waits: most requests wait not at all, and count in the
// first bucket.
func (b *buckets) wait(part float64) float32 {
	p := b.percentile(part)
	if p <= float32(stats.Bounds[0].Seconds()) {
		return 0
	}
	return p
}

// A weighed is a duration that some requests had, as far as is known.
type weighed struct {
	seconds float32
	weight  float64
}

// An estimate is the distribution of the durations of a long step, put together from the
// percentiles of its parts.
type estimate []weighed

func (e *estimate) add(seconds float32, weight float64) {
	if weight > 0 && seconds == seconds {
		*e = append(*e, weighed{seconds, weight})
	}
}

// percentile is like that of buckets. It sorts e.
func (e estimate) percentile(part float64) float32 {
	slices.SortFunc(e, func(a, b weighed) int { return cmp.Compare(a.seconds, b.seconds) })
	total := 0.0
	for _, w := range e {
		total += w.weight
	}
	const rounding = 1e-6
	before := 0.0
	for _, w := range e {
		if before += w.weight; before >= total*(part-rounding) {
			return w.seconds
		}
	}
	return unknown
}
