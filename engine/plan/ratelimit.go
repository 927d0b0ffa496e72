package plan

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A RateLimit says how often requests with the same key are let in. The zero
// RateLimit means no limit.
type RateLimit struct {
	Rate  Rate
	Burst int       // requests that are let in at once, at least 1
	By    match.Key // the zero Key means that all requests count together
}

// IsZero reports whether there is no limit.
func (l RateLimit) IsZero() bool { return l.Rate == Rate{} }

// String returns the limit as the configuration writes it.
func (l RateLimit) String() string {
	if l.IsZero() {
		return "None"
	}
	return fmt.Sprintf("rate(%q, burst=%d, by=%v)", l.Rate.String(), l.Burst, l.By)
}

// Interval returns the time after which another request is let in.
func (l RateLimit) Interval() time.Duration { return l.Rate.interval() }

// maxBurstTime is how long a whole burst may take to come back. Times within it
// do not overflow.
const maxBurstTime = 10 * 365 * 24 * time.Hour

// NewRateLimit returns a limit. The burst must be from 1 to MaxBurst, and must
// not be too long for the rate, which is the error.
func NewRateLimit(r Rate, burst int, by match.Key) (RateLimit, error) {
	if float64(r.interval())*float64(burst) > float64(maxBurstTime) {
		return RateLimit{}, fmt.Errorf("takes more than ten years to come back at %v: %d; write a smaller one", r, burst)
	}
	return RateLimit{r, burst, by}, nil
}

// MaxBurst is the largest burst.
const MaxBurst = 1_000_000

// A Rate is a number of requests in a unit of time.
type Rate struct {
	Count float64
	Unit  RateUnit
}

// A RateUnit is a unit of time, as the configuration writes it.
type RateUnit string

// The units.
const (
	PerSecond RateUnit = "s"
	PerMinute RateUnit = "m"
	PerHour   RateUnit = "h"
	PerDay    RateUnit = "d"
)

var unitTimes = map[RateUnit]time.Duration{
	PerSecond: time.Second, PerMinute: time.Minute, PerHour: time.Hour, PerDay: 24 * time.Hour,
}

// String returns the rate as the configuration writes it.
func (r Rate) String() string {
	return strconv.FormatFloat(r.Count, 'f', -1, 64) + "/" + string(r.Unit)
}

func (r Rate) interval() time.Duration {
	return time.Duration(math.Round(float64(unitTimes[r.Unit]) / r.Count))
}

// DefaultBurst returns the burst of a limit that names none: the requests of
// one second, but at least one.
func (r Rate) DefaultBurst() int {
	return max(int(math.Ceil(r.Count*float64(time.Second)/float64(unitTimes[r.Unit]))), 1)
}

// The bounds of a rate's interval. The clock counts nanoseconds, so that the
// error of the shortest interval is at most 0.05 %.
const (
	minInterval = time.Microsecond
	maxInterval = 366 * 24 * time.Hour
)

var rateForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)/([smhd])$`)

// ParseRate parses a rate such as "10/s", "600/m" or "0.5/s". Its error says
// what is wrong and then, after a semicolon, what to write.
func ParseRate(s string) (Rate, error) {
	m := rateForm.FindStringSubmatch(s)
	if m == nil {
		return Rate{}, fmt.Errorf("is not a rate: %q; write it as %q", s, nearRate(s))
	}
	count, err := strconv.ParseFloat(m[1], 64)
	r := Rate{count, RateUnit(m[2])}
	interval := float64(unitTimes[r.Unit]) / count
	switch {
	case count == 0:
		return Rate{}, fmt.Errorf("would let no request in: %q; write a number above 0, or None for no limit", s)
	case err != nil || interval < float64(minInterval):
		return Rate{}, fmt.Errorf("is more than 1000000/s: %q; write None for no limit", s)
	case interval > float64(maxInterval):
		return Rate{}, fmt.Errorf("is less than one request in 366 days: %q; write a higher rate", s)
	}
	return r, nil
}

var looseRate = regexp.MustCompile(`^\s*([0-9][0-9_,]*(?:\.[0-9]+)?(?:e\+?[0-9]{1,2})?)\s*(k)?\s*(?:r|reqs?|requests?)?\s*(?:/|per)?\s*1?\s*(?:(s|m|h|d)[a-z]*)?\s*$`)

// nearRate returns the rate that the author of s most likely meant.
func nearRate(s string) string {
	m := looseRate.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return "10/s"
	}
	count, err := strconv.ParseFloat(strings.NewReplacer("_", "", ",", "").Replace(m[1]), 64)
	if m[2] != "" {
		count *= 1000
	}
	near := Rate{count, RateUnit(cmp.Or(m[3], string(PerSecond)))}.String()
	if err != nil || !rateForm.MatchString(near) {
		return "10/s"
	}
	return near
}
