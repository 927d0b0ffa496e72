package supervisor

import (
	"math/rand/v2"
	"time"
)

// These constants control how crashes are counted and how restarts are spaced.
const (
	healthyLife  = 60 * time.Second // a worker that was ready for this long resets its crash count
	leastBackoff = 100 * time.Millisecond
	maxBackoff   = time.Minute // no wait is longer, unless the base itself is
	hotCrashes   = 8           // crashes in a row after which every wait is at least leastBackoff
	jitterPart   = 4           // a wait grows by up to a quarter, so that workers do not restart in step
)

// restartDelay returns the wait before a restart after the given number of
// crashes in a row: none after the first crash, then base × 2^n. The caller
// adds jitter. A base of 0 means no waits, until there have been so many
// crashes that a processor would otherwise do nothing but restart workers.
func restartDelay(base time.Duration, crashes int) time.Duration {
	switch {
	case base <= 0 && crashes > hotCrashes:
		return leastBackoff
	case crashes <= 1 || base <= 0:
		return 0
	}
	limit := max(base, maxBackoff)
	delay := base
	for range crashes - 2 {
		if delay >= limit/2 {
			return limit
		}
		delay *= 2
	}
	return delay
}

// addJitter lengthens a delay by a random fraction.
func addJitter(d time.Duration) time.Duration {
	if d < jitterPart {
		return d
	}
	return d + rand.N(d/jitterPart)
}
