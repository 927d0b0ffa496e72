package supervisor

import (
	"math/rand/v2"
	"time"
)

// How crashes are counted and restarts spaced.
const (
	healthyLife  = 60 * time.Second // ready for so long, a worker's crashes are forgotten
	leastBackoff = 100 * time.Millisecond
	maxBackoff   = time.Minute // no wait is longer, unless the base is
	hotCrashes   = 8           // in a row; from then on no wait is shorter than leastBackoff
	jitterPart   = 4           // a wait grows by up to a quarter, so that workers do not restart in step
)

// restartDelay is the wait before a restart after so many crashes in a row:
// none after the first, then base × 2^n. Jitter comes on top. A base of 0 has no
// waits, until it is clear that they are all that keeps a processor from doing
// nothing but restarts.
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

// addJitter lengthens a delay by a random part of it.
func addJitter(d time.Duration) time.Duration {
	if d < jitterPart {
		return d
	}
	return d + rand.N(d/jitterPart)
}
