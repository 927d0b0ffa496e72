package scrape

import (
	dto "github.com/prometheus/client_model/go"
)

// maxCarried is how many values a group carries on, of which a histogram has one for
// each bucket.
const maxCarried = 20_000

// A total is what several workers have counted.
type total struct {
	families map[string]*sums
	values   int
	limit    int    // of values; 0 means no limit
	dropped  uint64 // series for which there was no room, or whose type is another one now
}

// sums are the sums of a family.
type sums struct {
	kind   dto.MetricType
	help   *string
	series map[string]*sum // by their labels
}

func newTotal(limit int) *total { return &total{families: make(map[string]*sums), limit: limit} }

// addAll adds what a worker has counted.
func (t *total) addAll(from families) {
	for name, f := range from {
		if !f.cumulative() {
			continue
		}
		for key, m := range f.series {
			t.add(name, f, key, m)
		}
	}
}

// add adds a series of a worker.
func (t *total) add(name string, f *family, key string, m *dto.Metric) {
	if f.cumulative() {
		t.addSum(name, &sums{kind: f.kind, help: f.help}, key, sumOf(m))
	}
}

// addTotal adds another total.
func (t *total) addTotal(from *total) {
	for name, f := range from.families {
		for key, s := range f.series {
			t.addSum(name, f, key, s)
		}
	}
}

// addSum adds a sum, unless there is no room for another one, or the family has another
// type.
func (t *total) addSum(name string, f *sums, key string, s *sum) {
	to := t.families[name]
	if to == nil {
		to = &sums{kind: f.kind, help: f.help, series: make(map[string]*sum)}
	}
	own := to.series[key]
	if to.kind != f.kind || own == nil && t.limit > 0 && t.values+s.weight() > t.limit {
		t.dropped++
		return
	}
	t.families[name] = to
	if own == nil {
		own = &sum{label: s.label}
		to.series[key] = own
	} else {
		t.values -= own.weight()
	}
	own.add(s)
	t.values += own.weight()
}

// drop forgets the families that are now of another type.
func (t *total) drop(now families) {
	for name, f := range now {
		old := t.families[name]
		if old == nil || old.kind == f.kind {
			continue
		}
		for _, s := range old.series {
			t.values -= s.weight()
		}
		t.dropped += uint64(len(old.series))
		delete(t.families, name)
	}
}

// count returns the number of series.
func (t *total) count() (n int) {
	for _, f := range t.families {
		n += len(f.series)
	}
	return n
}
