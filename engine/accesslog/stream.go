package accesslog

import (
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/logwriter"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A stream writes the lines for one place: standard output, or a file.
type stream struct {
	lines  *logwriter.Writer[*Target]
	told   *teller // of what is wrong with it
	target *Target // in use; the mu of the Log guards it
}

// newStream returns a stream that adds the lines that it loses to lost.
func newStream(told *teller, lost *atomic.Uint64) *stream {
	return &stream{told: told, lines: logwriter.New[*Target](logwriter.Options{
		Limit: maxBuffer, Grace: flushGrace, Gather: gather, After: told.after, Lost: lost, NotClosed: told.notClosed,
	})}
}

// use makes a target that of all later lines.
func (s *stream) use(t *Target) {
	s.target = t
	s.lines.Use(t)
}

// An Opening is what the access log of a plan needs, opened but not yet in use.
type Opening struct {
	ways     *ways
	main     plan.AccessLog // of the plan
	targets  []*Target      // for different places
	reopened int            // number of calls of Reopen at the time
}

// Close closes an opening that no Log uses. On a nil Opening it does nothing.
func (o *Opening) Close() error {
	if o == nil {
		return nil
	}
	var first error
	for _, t := range o.targets {
		if err := t.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
