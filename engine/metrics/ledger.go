package metrics

import (
	"slices"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/result"
)

// codes are the classes of status, by their first digit less one.
var codes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// A ledger is what is counted of one group's requests.
type ledger struct {
	codes   [len(codes)]atomic.Uint64
	faults  faults
	retries atomic.Uint64
	took    histogram
	queued  histogram
}

func (l *ledger) observe(r *result.Result) {
	class := min(max(r.Status/100, 1), len(codes)) - 1 // a worker may send 999
	l.codes[class].Add(1)
	l.took.observe(r.Took)
	l.queued.observe(r.Queued)
	if r.Repeats > 0 {
		l.retries.Add(uint64(r.Repeats))
	}
	l.faults.count(r.Kind)
}

// faults count what went wrong, by index in result.Kinds, of which there are
// not as many as there is room for.
type faults [32]atomic.Uint64

func (f *faults) count(kind result.Kind) {
	if kind == "" {
		return
	}
	if i := slices.Index(result.Kinds, kind); i >= 0 {
		f[i].Add(1)
	}
}
