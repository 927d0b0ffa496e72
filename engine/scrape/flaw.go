package scrape

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// flaw returns why a series has no value that can be summed, or "" if it has one. What
// Prometheus does not take when it makes a native histogram of one with buckets is not
// taken here either, and what it fills in is filled in.
func flaw(m *dto.Metric) string {
	if c := m.Counter; c != nil && !(c.GetValue() >= 0 && finite(c.GetValue())) { // NaN is not
		return fmt.Sprintf("a counter has the value %v", c.GetValue())
	}
	if h := m.Histogram; h != nil {
		return settle(h)
	}
	return ""
}

// settle puts the buckets of a histogram in order, without +Inf, which is the count, and
// returns what is wrong with them. Of two buckets with the same bound the first counts. The
// parser has left out those with the bound NaN.
func settle(h *dto.Histogram) string {
	slices.SortStableFunc(h.Bucket, func(a, b *dto.Bucket) int { return cmp.Compare(a.GetUpperBound(), b.GetUpperBound()) })
	h.Bucket = slices.CompactFunc(h.Bucket, func(a, b *dto.Bucket) bool { return a.GetUpperBound() == b.GetUpperBound() })
	most := uint64(0)
	for _, b := range h.Bucket {
		if b.GetCumulativeCount() < most {
			return fmt.Sprintf("the bucket of a histogram up to %v has %d values, less than the %d of the one before", b.GetUpperBound(), b.GetCumulativeCount(), most)
		}
		most = b.GetCumulativeCount()
	}
	if h.SampleCount == nil {
		if len(h.Bucket) == 0 {
			return "a histogram has neither a count nor buckets"
		}
		h.SampleCount = new(most)
	}
	last := len(h.Bucket) - 1
	infinite := last >= 0 && math.IsInf(h.Bucket[last].GetUpperBound(), 1)
	if count := h.GetSampleCount(); count < most || infinite && count != most {
		return fmt.Sprintf("a histogram has the count %d, but %d values in its buckets", count, most)
	}
	if infinite {
		h.Bucket = h.Bucket[:last]
	}
	return ""
}
