package plan

import (
	"reflect"
	"time"
)

// ReportVersion is the format_version of a Report. Fields may be added within
// a version, and keep their meaning.
const ReportVersion = 1

// A Report says what a reload would do, for people and programs.
type Report struct {
	FormatVersion int            `json:"format_version"`
	Config        string         `json:"config"`      // path
	Fingerprint   string         `json:"fingerprint"` // of the new plan
	Against       Base           `json:"against"`
	Replace       []string       `json:"replace"`  // groups that are replaced because that was asked for
	All           bool           `json:"all"`      // every group is
	Groups        []GroupReport  `json:"groups"`   // in the order written, then removed ones
	Settings      []ChangeReport `json:"settings"` // outside the groups, applied at once
	Restart       []ChangeReport `json:"restart"`  // settings that only another master applies; see RestartAdvice
	Summary       Summary        `json:"summary"`
	Processes     Processes      `json:"processes"`
	AtOnce        int            `json:"at_once"` // how many workers are replaced at a time
	Limited       bool           `json:"limited"` // that is not all of them, because of reload_surge
	Diagnostics   []Warning      `json:"diagnostics"`
	Inputs        []InputReport  `json:"inputs"`
	Record        *Record        `json:"record,omitempty"` // in a file, for a later comparison
}

// A Base is what a plan was compared with.
type Base struct {
	Kind        BaseKind `json:"kind"`
	Name        string   `json:"name"`                  // path of the file; "" for a master and for nothing
	Fingerprint string   `json:"fingerprint,omitempty"` // of the plan that was compared with
	PID         int      `json:"pid,omitempty"`         // of the master
	Generation  int      `json:"generation,omitempty"`  // of its plan
	Up          float64  `json:"up,omitempty"`          // seconds that it has run
}

// BaseKind is the kind of a Base.
type BaseKind string

// The kinds of base.
const (
	BaseMaster  BaseKind = "master"  // a running one
	BaseConfig  BaseKind = "config"  // a configuration
	BasePlan    BaseKind = "plan"    // a plan that was written to a file
	BaseNothing BaseKind = "nothing" // everything is new
)

// A GroupReport is what a reload would do to one group.
type GroupReport struct {
	Name    string         `json:"name"`
	Action  Action         `json:"action"`
	Reason  string         `json:"reason"`
	Hint    string         `json:"hint,omitempty"`
	Workers WorkerCounts   `json:"workers"`
	Changes []ChangeReport `json:"changes"` // that a reload applies
	Pinned  []ChangeReport `json:"pinned"`  // that wait until the group is replaced
}

// WorkerCounts are processes of a group.
type WorkerCounts struct {
	Before int `json:"before"`
	After  int `json:"after"`
	Start  int `json:"start"`
	Stop   int `json:"stop"`
}

// A ChangeReport is one attribute before and after, in the configuration's
// notation.
type ChangeReport struct {
	Name   string `json:"name"`
	Effect Effect `json:"effect"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// A Summary counts groups by what happens to them; the settings outside the
// groups count as one more change. What needs action is counted besides: a
// group that is pinned, a setting that needs another master.
type Summary struct {
	Add        int `json:"add"`
	Change     int `json:"change"`
	Replace    int `json:"replace"`
	Remove     int `json:"remove"`
	Keep       int `json:"keep"`
	NeedAction int `json:"need_action"`
}

// Processes are the workers of all groups: Peak is how many there are at most
// while new ones have started and old ones have not ended.
type Processes struct {
	Before int `json:"before"`
	After  int `json:"after"`
	Peak   int `json:"peak"`
}

// A Warning is something questionable that the configuration does.
type Warning struct {
	At      string `json:"at"` // file:line:column
	Code    string `json:"code"`
	Message string `json:"message"`
}

// An InputReport is something that evaluation has read.
type InputReport struct {
	Kind   InputKind `json:"kind"`
	Name   string    `json:"name"`
	Digest string    `json:"digest"`
}

// An Outcome is what a reload would come to.
type Outcome uint8

// The outcomes.
const (
	OutcomeNothing Outcome = iota // nothing changes
	OutcomeApplies                // a reload applies all of it
	OutcomePartial                // some of it needs --replace, or a stop and a start of ldcorn
)

// NewReport says what a reload to next would do, where changes is the Diff
// from what base names with these options.
func NewReport(base Base, next *Plan, changes Changes, opts DiffOptions) *Report {
	r := &Report{
		FormatVersion: ReportVersion, Config: next.Path, Fingerprint: next.Fingerprint, Against: base,
		Replace: opts.names(), All: opts.ReplaceAll,
		Groups: []GroupReport{}, Settings: reports(changes.Plan), Restart: reports(changes.Restart),
		Diagnostics: []Warning{}, Inputs: []InputReport{},
	}
	for i := range changes.Groups {
		g := groupReport(&changes.Groups[i])
		r.Groups = append(r.Groups, g)
		r.Processes.Before += g.Workers.Before
		r.Processes.After += g.Workers.After
		r.Processes.Peak += g.Workers.Before + changes.Groups[i].Added()
		r.Summary.count(&g)
	}
	atOnce, all := changes.AtOnce(next.ReloadSurge)
	r.AtOnce, r.Limited = atOnce, !all
	r.Processes.Peak += r.AtOnce
	if len(r.Settings) > 0 {
		r.Summary.Change++
	}
	r.Summary.NeedAction += len(r.Restart)
	for _, in := range next.Inputs {
		r.Inputs = append(r.Inputs, InputReport(in))
	}
	return r
}

// SameAs reports whether a reload would do the same by both: from the same
// inputs, to what the same reload has left, in the same way.
func (r *Report) SameAs(o *Report) bool {
	return r.Fingerprint == o.Fingerprint && r.Against.Generation == o.Against.Generation &&
		r.Against.Fingerprint == o.Against.Fingerprint &&
		reflect.DeepEqual(r.Groups, o.Groups) && reflect.DeepEqual(r.Settings, o.Settings) && reflect.DeepEqual(r.Restart, o.Restart)
}

// Options are those that the report was made with.
func (r *Report) Options() DiffOptions { return ReplaceOptions(r.Replace, r.All) }

// Outcome tells what a reload would come to.
func (r *Report) Outcome() Outcome {
	switch s := r.Summary; {
	case s.NeedAction > 0:
		return OutcomePartial
	case s.Add+s.Change+s.Replace+s.Remove > 0:
		return OutcomeApplies
	}
	return OutcomeNothing
}

// UpFor is how long the master has run.
func (b Base) UpFor() time.Duration { return time.Duration(b.Up * float64(time.Second)) }

func (s *Summary) count(g *GroupReport) {
	switch g.Action {
	case Add:
		s.Add++
	case Remove:
		s.Remove++
	case Replace:
		s.Replace++
	case Update, Resize:
		s.Change++
	case Keep:
		if len(g.Pinned) == 0 {
			s.Keep++
		}
	}
	if len(g.Pinned) > 0 {
		s.NeedAction++
	}
}

func groupReport(c *Change) GroupReport {
	g := GroupReport{Name: c.Name, Action: c.Action, Reason: c.Reason, Hint: c.Hint,
		Changes: reports(c.Changes), Pinned: reports(c.Pinned)}
	if c.Old != nil {
		g.Workers.Before = c.Old.Instances
	}
	if c.New != nil {
		g.Workers.After = c.New.Instances
	}
	w := &g.Workers
	if c.Action == Replace {
		w.Start, w.Stop = w.After, w.Before
	} else {
		w.Start, w.Stop = max(w.After-w.Before, 0), max(w.Before-w.After, 0)
	}
	return g
}

func reports(changes []AttributeChange) []ChangeReport {
	out := make([]ChangeReport, len(changes))
	for i, c := range changes {
		out[i] = ChangeReport(c)
	}
	return out
}
