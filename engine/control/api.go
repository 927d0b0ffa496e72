package control

import (
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A Status is the answer to GET /v1/status.
type Status struct {
	FormatVersion int       `json:"format_version"`
	Version       string    `json:"version"`     // of ldcorn
	Now           time.Time `json:"now"`         // of the master, for ages
	Reload        *Reload   `json:"last_reload"` // null before the first
	supervisor.Status
}

func statusNow(version string, last *Reload, st supervisor.Status) Status {
	return Status{FormatVersion: FormatVersion, Version: version, Now: time.Now(), Reload: last, Status: st}
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
