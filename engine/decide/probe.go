package decide

import "github.com/ldcorn/ldcorn/engine/match"

// A Probe is a question about the health of ldcorn, which it answers itself before
// anything else. Its text is the name of the argument with its path.
type Probe string

// The probes.
const (
	ProbeLive  Probe = "live_path"
	ProbeReady Probe = "ready_path"
)

// Allows reports whether the probe can be asked with a method.
func (Probe) Allows(method []byte) bool { return string(method) == "GET" || string(method) == "HEAD" }

// probes are the paths of the probes of a plan; "" is none.
type probes struct{ live, ready string }

// Probe returns which probe a request is, or "" if it is none. The path counts as
// the routes see it, whatever the method is.
func (d *Decider[T]) Probe(r match.Request) Probe {
	if d.probes == (probes{}) {
		return ""
	}
	switch path := r.Path(); {
	case len(path) == 0:
		return ""
	case string(path) == d.probes.live:
		return ProbeLive
	case string(path) == d.probes.ready:
		return ProbeReady
	}
	return ""
}
