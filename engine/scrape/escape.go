package scrape

import (
	"cmp"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
)

// escape returns families with the names that a scheme has for them. Different names can
// become the same one. Then the family or the series that had the name before comes first,
// and of several series with the same labels the first stays, as in Prometheus. A family
// of another type is left out, and so is a series with two labels of one name, for which
// Prometheus would refuse the whole page.
func (s *Scraper) escape(all []*dto.MetricFamily, scheme model.EscapingScheme) []*dto.MetricFamily {
	if scheme == model.NoEscaping {
		return all
	}
	slices.SortStableFunc(all, func(a, b *dto.MetricFamily) int {
		return cmp.Compare(changes(a.GetName()), changes(b.GetName()))
	})
	named := make(map[string]*dto.MetricFamily, len(all))
	out := all[:0]
	for _, raw := range all {
		slices.SortFunc(raw.Metric, compare)
		f := model.EscapeMetricFamily(raw, scheme)
		first := named[f.GetName()]
		switch {
		case first == nil:
			named[f.GetName()] = f
			f.Metric = s.distinct(raw, f.Metric, nil)
			out = append(out, f)
		case first.GetType() == f.GetType():
			first.Metric = append(first.Metric, s.distinct(raw, f.Metric, first.Metric)...)
		default:
			s.leaveOut(raw.GetName(), raw.Metric, "it has the name of another metric of another type for a reader without UTF-8")
		}
	}
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}

// changes returns 1 if a name is another one without UTF-8, and 0 otherwise.
func changes(name string) int {
	if model.LegacyValidation.IsValidMetricName(name) {
		return 0
	}
	return 1
}

// distinct returns those of the escaped series of a family that have other labels than
// those before them and than some others, and no two labels of one name.
func (s *Scraper) distinct(raw *dto.MetricFamily, escaped, others []*dto.Metric) []*dto.Metric {
	var same, changed []*dto.Metric
	for i, m := range escaped {
		if m == raw.Metric[i] {
			same = append(same, m)
		} else {
			changed = append(changed, m)
		}
	}
	if len(changed) == 0 && len(others) == 0 {
		return same
	}
	seen := make(map[string]bool, len(others)+len(escaped))
	for _, m := range others {
		key, _ := labelKey(m)
		seen[key] = true
	}
	var kept, twice, odd []*dto.Metric
	for _, m := range append(same, changed...) {
		switch key, ok := labelKey(m); {
		case !ok:
			odd = append(odd, m)
		case seen[key]:
			twice = append(twice, m)
		default:
			seen[key] = true
			kept = append(kept, m)
		}
	}
	s.leaveOut(raw.GetName(), odd, "two labels have the same name for a reader without UTF-8")
	s.leaveOut(raw.GetName(), twice, "another series has the same name and labels for a reader without UTF-8")
	return kept
}

// labelKey returns a text that only the same labels have, in whatever order, and reports
// whether no two of them have the same name.
func labelKey(m *dto.Metric) (key string, ok bool) {
	labels := slices.SortedFunc(slices.Values(m.Label), func(a, b *dto.LabelPair) int {
		return cmp.Compare(a.GetName(), b.GetName())
	})
	for i := range labels[1:] {
		if labels[i].GetName() == labels[i+1].GetName() {
			return "", false
		}
	}
	return keyOf(labels), true
}

// leaveOut counts that a page lacks series of a family. The first label of each is that of
// its group.
func (s *Scraper) leaveOut(metric string, series []*dto.Metric, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counted := make(map[string]bool)
	for _, m := range series {
		name := m.Label[0].GetValue()
		g := s.groups[name]
		if g == nil || counted[name] {
			continue
		}
		counted[name] = true
		g.counts.Skipped++
		if g.sayOnce("escaped " + metric) {
			s.opts.Log.Warn("metrics of an app left out", "group", name, "metric", metric, "reason", why)
		}
	}
}
