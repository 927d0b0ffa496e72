package scrape

import (
	"slices"
	"sort"

	dto "github.com/prometheus/client_model/go"
)

// maxBounds is how many buckets the sum of histograms with different ones may have. What
// has others counts in the next higher one.
const maxBounds = 500

// A sum is the sum of a series over workers. A counter has only a value, a summary has
// no buckets: quantiles have no sum.
type sum struct {
	label   []*dto.LabelPair
	value   exact
	count   uint64
	buckets []*dto.Bucket // in order, without +Inf; never changed in place
}

// sumOf returns the sum of one series, which must be cumulative.
func sumOf(m *dto.Metric) *sum {
	s := &sum{label: m.Label}
	switch {
	case m.Counter != nil:
		s.value.add(m.Counter.GetValue())
	case m.Summary != nil:
		s.count = m.Summary.GetSampleCount()
		s.value.add(m.Summary.GetSampleSum())
	default:
		s.count, s.buckets = m.Histogram.GetSampleCount(), m.Histogram.GetBucket()
		s.value.add(m.Histogram.GetSampleSum())
	}
	return s
}

// add adds another sum of the same type.
func (s *sum) add(other *sum) {
	for _, v := range other.value {
		s.value.add(v)
	}
	if s.count == 0 && len(s.buckets) == 0 {
		s.buckets = other.buckets
	} else {
		s.buckets = addBuckets(s.buckets, other.buckets)
	}
	s.count += other.count
}

// weight returns how many values the sum has.
func (s *sum) weight() int { return 1 + len(s.buckets) }

// metric returns the sum as a series of a type.
func (s *sum) metric(kind dto.MetricType) *dto.Metric {
	m := &dto.Metric{Label: s.label}
	value := s.value.value()
	switch kind {
	case dto.MetricType_COUNTER:
		m.Counter = &dto.Counter{Value: &value}
	case dto.MetricType_SUMMARY:
		m.Summary = &dto.Summary{SampleCount: &s.count, SampleSum: &value}
	default:
		m.Histogram = &dto.Histogram{SampleCount: &s.count, SampleSum: &value, Bucket: s.buckets}
	}
	return m
}

// addBuckets returns the sums of the buckets of two histograms. Where only one of them
// has a bound, the other counts with its next lower bucket: all that is certain.
func addBuckets(a, b []*dto.Bucket) (out []*dto.Bucket) {
	bounds := boundsOf(a)
	if more := boundsOf(b); !slices.Equal(bounds, more) && len(bounds)+len(more) <= maxBounds {
		bounds = append(bounds, more...)
		slices.Sort(bounds)
		bounds = slices.Compact(bounds)
	}
	for _, bound := range bounds {
		out = append(out, &dto.Bucket{UpperBound: new(bound), CumulativeCount: new(atMost(a, bound) + atMost(b, bound))})
	}
	return out
}

func boundsOf(buckets []*dto.Bucket) []float64 {
	out := make([]float64, len(buckets))
	for i, b := range buckets {
		out[i] = b.GetUpperBound()
	}
	return out
}

// atMost returns how many values certainly are at most a bound.
func atMost(buckets []*dto.Bucket, bound float64) uint64 {
	if i := sort.Search(len(buckets), func(i int) bool { return buckets[i].GetUpperBound() > bound }); i > 0 {
		return buckets[i-1].GetCumulativeCount()
	}
	return 0
}

// fell reports whether a series has begun anew, or is not there any more.
func fell(before, now *dto.Metric) bool {
	switch {
	case before.Counter != nil:
		return now.GetCounter() == nil || now.Counter.GetValue() < before.Counter.GetValue()
	case before.Summary != nil:
		return now.GetSummary() == nil || fewer(before.Summary, now.Summary)
	case before.Histogram != nil:
		if now.GetHistogram() == nil || fewer(before.Histogram, now.Histogram) {
			return true
		}
		for _, b := range before.Histogram.Bucket {
			if atMost(now.Histogram.Bucket, b.GetUpperBound()) < b.GetCumulativeCount() {
				return true
			}
		}
	}
	return false
}

// fewer reports whether there are fewer samples now, or as many with less in sum. The
// sum alone may fall: samples can be negative.
func fewer(before, now interface {
	GetSampleCount() uint64
	GetSampleSum() float64
}) bool {
	if now.GetSampleCount() == before.GetSampleCount() {
		return now.GetSampleSum() < before.GetSampleSum()
	}
	return now.GetSampleCount() < before.GetSampleCount()
}
