package scrape

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// join returns the metrics of all groups, by name. If sum is nil, each group is shown as
// its metrics_sum says. Workers that were asked last before since are left out; sums have
// their last values.
func (s *Scraper) join(sum *bool, since time.Time) []*dto.MetricFamily {
	s.mu.Lock()
	defer s.mu.Unlock()
	joined := make(map[string]*dto.MetricFamily)
	for _, name := range s.order {
		g := s.groups[name]
		if sum != nil && *sum || sum == nil && g.spec.MetricsSum {
			s.joinSum(joined, name, g, since)
		} else {
			for _, src := range s.ready(name, since) {
				s.joinWorker(joined, g, src, func(*family) bool { return true })
			}
		}
	}
	out := make([]*dto.MetricFamily, 0, len(joined))
	for _, f := range joined {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}

// of returns the workers of a group by index, newer ones first.
func (s *Scraper) of(name string) (out []*source) {
	for _, src := range s.workers {
		if src.group == name {
			out = append(out, src)
		}
	}
	slices.SortFunc(out, func(a, b *source) int {
		return cmp.Or(cmp.Compare(a.worker.Index, b.worker.Index), cmp.Compare(b.number, a.number))
	})
	return out
}

// ready returns the workers of a group that get requests and have answered since a time,
// one for each index: while workers are replaced, that is the newer one.
func (s *Scraper) ready(name string, since time.Time) (out []*source) {
	for _, src := range s.of(name) {
		if !src.retired && src.ok && !src.at.Before(since) {
			out = append(out, src)
		}
	}
	return slices.CompactFunc(out, func(a, b *source) bool { return a.worker.Index == b.worker.Index })
}

// joinSum adds the sum of a group, and what has no sum of each of its workers.
func (s *Scraper) joinSum(joined map[string]*dto.MetricFamily, name string, g *group, since time.Time) {
	all := newTotal(0)
	for _, src := range s.of(name) {
		all.addAll(src.last)
	}
	all.addTotal(g.carried)
	for metric, f := range all.families {
		if to := s.place(joined, metric, f.kind, f.help, g); to != nil {
			for _, one := range f.series {
				to.Metric = append(to.Metric, withLabels(one.metric(f.kind), groupLabel, name))
			}
		}
	}
	for _, src := range s.ready(name, since) {
		s.joinWorker(joined, g, src, func(f *family) bool { return !f.cumulative() })
	}
}

// joinWorker adds the families of a worker that want takes.
func (s *Scraper) joinWorker(joined map[string]*dto.MetricFamily, g *group, src *source, want func(*family) bool) {
	for name, f := range src.last {
		if !want(f) {
			continue
		}
		if to := s.place(joined, name, f.kind, f.help, g); to != nil {
			for _, m := range f.series {
				to.Metric = append(to.Metric, withLabels(m, groupLabel, src.group, workerLabel, strconv.Itoa(src.worker.Index)))
			}
		}
	}
}

// place returns the family for series of a type. It returns nil if the family is of
// another type already: a page can have only one.
func (s *Scraper) place(joined map[string]*dto.MetricFamily, name string, kind dto.MetricType, help *string, g *group) *dto.MetricFamily {
	to := joined[name]
	if to == nil {
		to = &dto.MetricFamily{Name: new(name), Help: help, Type: kind.Enum()}
		joined[name] = to
	}
	if to.GetType() == kind {
		return to
	}
	g.counts.Skipped++
	if g.sayOnce("family " + name) {
		s.opts.Log.Warn("metrics of an app left out", "group", g.spec.Name, "metric", name, "type", kind, "other", to.GetType(),
			"reason", "a worker or a group before it has the same name for another type")
	}
	return nil
}

// withLabels returns a series with more labels, which are pairs of name and value.
func withLabels(m *dto.Metric, more ...string) *dto.Metric {
	labels := make([]*dto.LabelPair, 0, len(more)/2+len(m.Label))
	for i := 0; i < len(more); i += 2 {
		labels = append(labels, &dto.LabelPair{Name: &more[i], Value: &more[i+1]})
	}
	return &dto.Metric{Label: append(labels, m.Label...), Counter: m.Counter, Gauge: m.Gauge, Histogram: m.Histogram, Summary: m.Summary, Untyped: m.Untyped}
}
