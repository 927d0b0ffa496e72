package control

import (
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A Status is the answer to GET /v1/status.
type Status struct {
	FormatVersion int       `json:"format_version"`
	Version       string    `json:"version"`     // of ldcorn
	Now           time.Time `json:"now"`         // of the master, for ages
	Reload        *Reload   `json:"last_reload"` // null before the first
	supervisor.Status
	Counts map[string]GroupCounts `json:"counts"` // by group of the plan in effect
}

// GroupCounts are what was counted of the requests of a group since it is
// there.
type GroupCounts struct {
	Counts
	Seats []Counts `json:"seats"` // of these, by index of the last worker that was tried
}

// Counts are what was counted of some requests that have been dealt with.
type Counts struct {
	Requests uint64            `json:"requests"`
	Statuses map[string]uint64 `json:"statuses"` // by class, such as "2xx"; those that have occurred
	Faults   map[string]uint64 `json:"faults"`   // without a whole answer of the app, by reason; likewise
	Repeats  uint64            `json:"repeats"`  // how often one went to another worker
	Took     float64           `json:"took"`     // seconds of all together, from the head to the end of the answer
	Queued   float64           `json:"queued"`   // seconds of all together, spent waiting for a slot
}

func countsOf(c *stats.Counts) Counts {
	out := Counts{Requests: c.Requests(), Statuses: map[string]uint64{}, Faults: map[string]uint64{},
		Repeats: c.Repeats, Took: c.Took.Sum.Seconds(), Queued: c.Queued.Sum.Seconds()}
	for i, n := range c.Classes {
		if n > 0 {
			out.Statuses[stats.Classes[i]] = n
		}
	}
	for _, kind := range result.Kinds {
		if n := c.Faults.Of(kind); n > 0 {
			out.Faults[string(kind)] = n
		}
	}
	return out
}

func groupCounts(counted *stats.Requests) map[string]GroupCounts {
	out := make(map[string]GroupCounts)
	for name, g := range counted.Groups() {
		all, seats := g.Counts(), g.Seats()
		one := GroupCounts{Counts: countsOf(&all), Seats: make([]Counts, len(seats))}
		for i := range seats {
			one.Seats[i] = countsOf(&seats[i])
		}
		out[name] = one
	}
	return out
}

func statusNow(version string, last *Reload, st supervisor.Status, counted *stats.Requests) Status {
	return Status{FormatVersion: FormatVersion, Version: version, Now: time.Now(), Reload: last, Status: st, Counts: groupCounts(counted)}
}

// Ready reports whether every group of the configuration has a worker that
// gets requests, and there is a configuration.
func (s *Status) Ready() bool {
	for _, g := range s.Groups {
		if g.Ready == 0 && !g.Removed {
			return false
		}
	}
	return s.Generation > 0
}

// A Reload is how one went.
type Reload struct {
	At      time.Time `json:"at"`                // when it ended
	Took    float64   `json:"took"`              // seconds
	Error   string    `json:"error"`             // "" where it was applied
	Summary string    `json:"summary,omitempty"` // the error in one line; "" where it was applied
}

// Brief is the error in one line.
func (r *Reload) Brief() string {
	if r.Summary != "" {
		return r.Summary
	}
	line, _, _ := strings.Cut(r.Error, "\n") // of a master that tells no more
	return strings.TrimSuffix(line, "; it wrote:")
}

// scaleRequest is the body of POST /v1/groups/GROUP/scale.
type scaleRequest struct {
	Instances int `json:"instances"`
}

// planRequest is the body of POST /v1/plan.
type planRequest struct {
	Replace []string `json:"replace"` // groups to replace whatever changed
	All     bool     `json:"all"`     // replace every group
}

// done is the answer to a request that was carried out, or was not.
type done struct {
	FormatVersion int    `json:"format_version"`
	Error         string `json:"error,omitempty"`
}
