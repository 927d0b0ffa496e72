package harness

import "time"

// Patience bounds every wait of a test. It is long, for a busy machine; no test
// that passes comes near it.
const Patience = 90 * time.Second

// Until polls cond until it is true. It returns false when Patience has run
// out.
func Until(cond func() bool) bool {
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}
