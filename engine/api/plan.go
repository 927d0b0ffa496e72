package api

import (
	"reflect"
	"time"
)

// PlanVersion is the version of a Plan.
const PlanVersion = 1

// A Plan says what a reload would do, or what it did.
type Plan struct {
	FormatVersion int               `json:"format_version"`
	Config        string            `json:"config"`      // the path of the configuration
	Fingerprint   string            `json:"fingerprint"` // of the new plan; equal inputs give equal fingerprints
	Against       PlanBase          `json:"against"`
	Replace       []string          `json:"replace"`      // groups replaced on request
	All           bool              `json:"all"`          // every group is replaced on request
	BeforeStart   []PlanCommand     `json:"before_start"` // the commands that the reload runs before anything else
	Groups        []PlanGroup       `json:"groups"`       // in the order of the configuration, then removed groups
	Listeners     []PlanListener    `json:"listeners"`    // in the order of the configuration, then removed listeners
	Settings      []PlanChange      `json:"settings"`     // other changes outside the groups, applied immediately
	Restart       []PlanChange      `json:"restart"`      // changes that only a stop and a start of ldcorn apply
	Summary       PlanSummary       `json:"summary"`
	Processes     PlanProcesses     `json:"processes"`
	AtOnce        int               `json:"at_once"` // how many workers are replaced at a time
	Limited       bool              `json:"limited"` // reload_surge keeps the reload from replacing all workers at once
	Diagnostics   []PlanWarning     `json:"diagnostics"`
	Python        *PythonUse        `json:"python,omitempty"` // of a configuration in Python
	Inputs        []PlanInput       `json:"inputs"`           // everything that the evaluation read
	Args          []PlanArg         `json:"args"`             // the arguments whose values differ
	Set           map[string]string `json:"set,omitempty"`    // what --set gives for the new plan, by name
	Record        *Record           `json:"record,omitempty"` // only in a file that --out wrote, for a later comparison
}

// A PlanBase describes what a plan was compared with.
type PlanBase struct {
	Kind        PlanBaseKind `json:"kind"`
	Name        string       `json:"name"`                  // the path of the file; empty for a master or nothing
	Fingerprint string       `json:"fingerprint,omitempty"` // of the plan on that side
	PID         int          `json:"pid,omitempty"`         // of the master
	Generation  int          `json:"generation,omitempty"`  // of the plan of the master
	Up          float64      `json:"up,omitempty"`          // seconds that the master has been running
	Stopping    bool         `json:"stopping,omitempty"`    // the master was told to stop, and takes no reload
}

// UpFor returns how long the master has been running.
func (b *PlanBase) UpFor() time.Duration { return time.Duration(b.Up * float64(time.Second)) }

// PlanBaseKind is the kind of a PlanBase.
type PlanBaseKind string

// The kinds of base.
const (
	BaseMaster  PlanBaseKind = "master"  // a running master
	BaseConfig  PlanBaseKind = "config"  // a configuration
	BasePlan    PlanBaseKind = "plan"    // a plan saved in a file
	BaseNothing PlanBaseKind = "nothing" // everything is new
)

// A PlanCommand is a command that a reload runs.
type PlanCommand struct {
	Command []string `json:"command"` // the program and its arguments
	Group   string   `json:"group"`   // in whose folder and environment it runs
}

// A PlanGroup says what a reload does to one group.
type PlanGroup struct {
	Name    string       `json:"name"`
	Action  PlanAction   `json:"action"`
	Reason  string       `json:"reason"`
	Hint    string       `json:"hint,omitempty"` // what else a reader should know
	Workers PlanWorkers  `json:"workers"`
	Changes []PlanChange `json:"changes"` // changes that a reload applies
	Pinned  []PlanChange `json:"pinned"`  // changes that wait until the group is replaced
}

// A PlanListener says what a reload does to one listener.
type PlanListener struct {
	Address string       `json:"address"`          // as the configuration writes it
	Action  PlanAction   `json:"action"`           // keep, update, add or remove
	Restart bool         `json:"restart"`          // only a stop and a start of ldcorn does it
	Reason  string       `json:"reason,omitempty"` // why
	Hint    string       `json:"hint,omitempty"`   // what else a reader should know
	Changes []PlanChange `json:"changes"`          // of an update
}

// A PlanAction is what a reload does to a group or a listener.
type PlanAction string

// The actions.
const (
	ActionKeep    PlanAction = "keep"    // the same processes, and nothing changes
	ActionUpdate  PlanAction = "update"  // the same processes, with other settings around them
	ActionResize  PlanAction = "resize"  // some workers start or stop, and the others stay
	ActionReplace PlanAction = "replace" // every worker is replaced by a new one
	ActionAdd     PlanAction = "add"
	ActionRemove  PlanAction = "remove"
)

// PlanWorkers counts the processes of a group.
type PlanWorkers struct {
	Before int `json:"before"`
	After  int `json:"after"`
	Start  int `json:"start"`
	Stop   int `json:"stop"`
}

// A PlanChange is one attribute before and after, in the notation of the
// configuration.
type PlanChange struct {
	Name   string     `json:"name"`
	Effect PlanEffect `json:"effect"`
	Before string     `json:"before"`
	After  string     `json:"after"`
	// Default says that neither configuration sets the attribute: its default
	// changes, because the group gets or loses its cap.
	Default bool `json:"default,omitempty"`
}

// A PlanEffect says what it takes to apply the change of an attribute.
type PlanEffect string

// The effects.
const (
	EffectIdentity   PlanEffect = "identity"   // a different value means a different group
	EffectProcess    PlanEffect = "process"    // new processes of workers
	EffectResize     PlanEffect = "resize"     // more or fewer processes
	EffectProxy      PlanEffect = "proxy"      // nothing; the proxy applies it at once
	EffectSupervisor PlanEffect = "supervisor" // nothing; the supervisor applies it at once
	EffectListener   PlanEffect = "listener"   // a reload, which switches the listener
	EffectRestart    PlanEffect = "restart"    // a stop and a start of ldcorn
)

// A PlanSummary counts groups by what happens to them; changes to listeners and to
// settings outside the groups count as one more changed group. Groups that are
// pinned, and listeners and settings that require a stop and a start of ldcorn,
// also count as needing action.
type PlanSummary struct {
	Add        int `json:"add"`
	Change     int `json:"change"`
	Replace    int `json:"replace"`
	Remove     int `json:"remove"`
	Keep       int `json:"keep"`
	NeedAction int `json:"need_action"`
}

// PlanProcesses counts the workers of all groups.
type PlanProcesses struct {
	Before int `json:"before"`
	After  int `json:"after"`
	Peak   int `json:"peak"` // the maximum, while new workers have started and old ones have not exited yet
}

// A PlanWarning is something questionable in the configuration.
type PlanWarning struct {
	At      string `json:"at"`   // file:line:column
	Code    string `json:"code"` // ldcorn schema CODE says what it means
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do
}

// A PlanInput is something that the evaluation read.
type PlanInput struct {
	Kind   PlanInputKind `json:"kind"`
	Name   string        `json:"name"`
	Digest string        `json:"digest"`          // empty if it does not exist; salted for a secret
	Value  string        `json:"value,omitempty"` // of an argument, as the configuration would write it
}

// A PlanArg is an argument of the configuration before and after.
type PlanArg struct {
	Name   string `json:"name"`
	Before string `json:"before"` // as the configuration would write it
	After  string `json:"after"`
}

// A PlanInputKind is the kind of a PlanInput.
type PlanInputKind string

// The kinds of input.
const (
	InputFile   PlanInputKind = "file"
	InputEnv    PlanInputKind = "env"
	InputSystem PlanInputKind = "system" // such as cpu_count
	InputArg    PlanInputKind = "arg"    // an argument, which --set can give
)

// A Record is a plan in the form in which a file keeps it, for later
// comparisons: the value of each attribute in the notation of the
// configuration. It contains secrets only as salted digests.
type Record struct {
	Config      string            `json:"config"`         // the path of the configuration
	Fingerprint string            `json:"fingerprint"`    // of the plan
	Salt        string            `json:"salt"`           // of the digests, in hexadecimal
	Settings    map[string]Attr   `json:"settings"`       // by name
	Listeners   []ListenerRecord  `json:"listeners"`      // in the order of the configuration
	Groups      []GroupRecord     `json:"groups"`         // likewise
	Args        map[string]string `json:"args,omitempty"` // the values of the arguments, by name
}

// A GroupRecord is one group of a Record.
type GroupRecord struct {
	Name       string          `json:"name"`
	Attributes map[string]Attr `json:"attributes"` // by name
}

// A ListenerRecord is one listener of a Record.
type ListenerRecord struct {
	Address    string          `json:"address"`
	Attributes map[string]Attr `json:"attributes"` // by name
}

// An Attr is the value of an attribute.
type Attr struct {
	Text   string `json:"text"`
	Value  string `json:"value,omitempty"`  // digest of everything except the secrets, if different texts can mean the same
	Digest string `json:"digest,omitempty"` // of the secrets; absent if there are none
}

// A PlanOutcome says whether a reload applies a plan.
type PlanOutcome uint8

// The outcomes.
const (
	OutcomeNothing PlanOutcome = iota // nothing changes
	OutcomeApplies                    // a reload applies all of it
	OutcomePartial                    // some of it needs --replace, or a stop and a start of ldcorn
)

// Outcome says whether a reload applies the plan.
func (p *Plan) Outcome() PlanOutcome {
	switch s := p.Summary; {
	case s.NeedAction > 0:
		return OutcomePartial
	case s.Add+s.Change+s.Replace+s.Remove > 0:
		return OutcomeApplies
	}
	return OutcomeNothing
}

// SameAs reports whether a reload would do the same according to both plans:
// from the same inputs, against the same plan, in the same way.
func (p *Plan) SameAs(o *Plan) bool {
	return p.Fingerprint == o.Fingerprint && p.Against.Generation == o.Against.Generation &&
		p.Against.Fingerprint == o.Against.Fingerprint &&
		reflect.DeepEqual(p.Groups, o.Groups) && reflect.DeepEqual(p.Listeners, o.Listeners) &&
		reflect.DeepEqual(p.Settings, o.Settings) && reflect.DeepEqual(p.Restart, o.Restart)
}
