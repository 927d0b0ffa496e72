package harness

import "time"

// Patience limits every wait of a test. It is long because machines can be
// busy. No passing test comes near it.
const Patience = 90 * time.Second

// Until polls cond until it is true. It returns false after Patience.
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
