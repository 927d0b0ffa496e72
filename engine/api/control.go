package api

// ControlVersion is the version of the answers of the control socket that have
// no version of their own.
const ControlVersion = 1

// A Done is the answer to a request of the control socket that asks for no
// document, and to each request that failed.
type Done struct {
	FormatVersion int    `json:"format_version"`
	Error         string `json:"error,omitempty"` // why the request failed; absent if it was carried out
}

// Access says what a client of the admin listener may do. It is the answer to GET
// /v1/access there.
type Access struct {
	FormatVersion int                `json:"format_version"`
	Version       string             `json:"version"`     // of ldcorn
	Token         bool               `json:"token"`       // the configuration has admin_token
	Private       bool               `json:"private"`     // the client may see what other clients and workers wrote
	Actions       bool               `json:"actions"`     // the client may change the master
	EventMoods    map[EventKind]Mood `json:"event_moods"` // how good events are, by kind; others are neither good nor bad
}

// A PlanRequest asks what a reload would do. It is the body of POST /v1/plan.
type PlanRequest struct {
	Replace []string `json:"replace"` // the groups to replace, regardless of changes
	All     bool     `json:"all"`     // replace every group
	ArgSettings
}

// A StopRequest asks the master to stop. It is the body of POST /v1/stop.
type StopRequest struct {
	NoDelay bool `json:"no_delay"` // without shutdown_delay; ends one that has begun
}

// A ScaleRequest asks for another number of workers. It is the body of
// POST /v1/groups/GROUP/scale.
type ScaleRequest struct {
	Instances int `json:"instances"`
}
