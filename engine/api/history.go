package api

import "time"

// HistoryVersion is the version of a History and of a Live.
const HistoryVersion = 1

// A History is what the groups and workers of a master did over time, as columns: each
// Series has one value for each point.
//
// A point stands for one step, and has a number: how many steps of that length had passed
// since the start of the master when the point ended. A point never changes once it is there. So a client
// that asks for what comes after Last, with the same step, gets each point once. If
// Started differs from that of an earlier answer, another master answers, and its numbers
// have begun again.
type History struct {
	FormatVersion int            `json:"format_version"`
	Started       time.Time      `json:"started"` // when the master was started
	Now           time.Time      `json:"now"`     // the master's time
	Step          int            `json:"step"`    // seconds
	Points        int            `json:"points"`  // the length of each series
	Last          uint64         `json:"last"`    // the number of the newest point, also if the answer has none; 0 before the first
	End           time.Time      `json:"end"`     // when the last point ended; the others ended a whole number of steps before
	Groups        []GroupHistory `json:"groups"`  // by name
}

// A GroupHistory is what a group did. A value is null where nothing was measured: before
// the group was there, and while the machine slept. Counts are those of a whole step.
// Where a step is longer than what was measured at once, requests in flight, queued and
// rss are the highest values, ready is the lowest, cpu is the mean, and percentiles are
// estimated from those of the parts.
type GroupHistory struct {
	Name       string          `json:"name"`
	Removed    bool            `json:"removed,omitempty"` // it is no longer in the configuration
	Requests   Series          `json:"requests"`          // requests that ended, including those that are refused
	Class1xx   Series          `json:"1xx"`               // of these, those with a status of this class: websockets
	Class2xx   Series          `json:"2xx"`
	Class3xx   Series          `json:"3xx"`
	Class4xx   Series          `json:"4xx"`
	Class5xx   Series          `json:"5xx"`
	Refused    Series          `json:"refused"`   // of these, those that ldcorn refused: a full queue, a late slot, no worker, a rate limit, the end of the master
	Failed     Series          `json:"failed"`    // of these, those without a complete answer of a worker: lost, malformed, late or cut short
	Gone       Series          `json:"gone"`      // of these, those whose client left before it had the whole answer
	P50        Series          `json:"p50"`       // seconds from the head of a request to the end of its answer, which half of the requests did not exceed; null without requests
	P95        Series          `json:"p95"`       // the same, of 95 of 100 requests
	P99        Series          `json:"p99"`       // the same, of 99 of 100 requests
	WaitP95    Series          `json:"wait_p95"`  // seconds of waiting for a slot, which 95 of 100 requests did not exceed; null without requests
	Queued     Series          `json:"queued"`    // requests waiting for a slot
	InFlight   Series          `json:"in_flight"` // requests that workers are processing
	Websockets Series          `json:"websockets"`
	Ready      Series          `json:"ready"`             // workers that get requests
	Restarts   Series          `json:"restarts"`          // workers that were started again without a reload, or given up
	RSS        Series          `json:"rss"`               // resident memory of all workers, in bytes; null where it is not known
	CPU        Series          `json:"cpu"`               // processors that all workers kept busy; null where it is not known
	Workers    []WorkerHistory `json:"workers,omitempty"` // by index; absent if the client asked for none
}

// A WorkerHistory is what the workers of one index of a group did. During a reload there
// can be two at a time, which count together. See GroupHistory.
type WorkerHistory struct {
	Index    int    `json:"index"`
	Removed  bool   `json:"removed,omitempty"` // the group has fewer workers now
	Requests Series `json:"requests"`          // requests that ended, for which this worker was the last one tried
	Errors   Series `json:"errors"`            // of these, those with a status of 5xx, and those whose answer was cut short
	P95      Series `json:"p95"`               // seconds from the head of a request to the end of its answer, which 95 of 100 requests did not exceed; null without requests
	InFlight Series `json:"in_flight"`         // requests and websockets
	RSS      Series `json:"rss"`               // resident memory, in bytes; null where it is not known
	CPU      Series `json:"cpu"`               // processors kept busy; null where it is not known
}

// A Live is a message of a live stream: the newest second of the history, and the events
// since the message before.
type Live struct {
	FormatVersion int            `json:"format_version"`
	History       *History       `json:"history"`
	Events        []ControlEvent `json:"events"`         // the oldest first; the admin listener leaves out stderr
	Lost          uint64         `json:"lost,omitempty"` // events that came too fast for this client
}

// Whole reports whether every series has the length that it should have, as a master
// makes them.
func (h *History) Whole() bool {
	for i := range h.Groups {
		g := &h.Groups[i]
		all := []Series{g.Requests, g.Class1xx, g.Class2xx, g.Class3xx, g.Class4xx, g.Class5xx, g.Refused, g.Failed, g.Gone, g.P50, g.P95, g.P99,
			g.WaitP95, g.Queued, g.InFlight, g.Websockets, g.Ready, g.Restarts, g.RSS, g.CPU}
		for k := range g.Workers {
			w := &g.Workers[k]
			all = append(all, w.Requests, w.Errors, w.P95, w.InFlight, w.RSS, w.CPU)
		}
		for _, s := range all {
			if len(s) != h.Points {
				return false
			}
		}
	}
	return h.Points >= 0 && h.Step > 0
}
