package api

// RequestsVersion is the version of Requests.
const RequestsVersion = 1

// Requests are the oldest requests that a master has in hand, all of them or those
// of some groups or of one worker.
type Requests struct {
	FormatVersion   int            `json:"format_version"`
	Total           int            `json:"total" jsonschema:"minimum=0"`            // number of requests in hand, without websockets
	Requests        []Request      `json:"requests"`                                // the oldest requests, oldest first
	TotalWebsockets int            `json:"total_websockets" jsonschema:"minimum=0"` // number of open websockets
	Websockets      []Request      `json:"websockets,omitempty"`                    // the oldest open websockets, oldest first; absent unless they were asked for
	Queues          []RequestQueue `json:"queues,omitempty"`                        // in which requests wait for a slot, by group
	Incidents       []Incident     `json:"incidents,omitempty"`                     // what is wrong in the groups that were asked for; absent if nothing is
}

// A RequestQueue is the queue of a group.
type RequestQueue struct {
	Group  string  `json:"group"`
	Depth  int     `json:"depth" jsonschema:"minimum=1"` // number of requests that wait
	Oldest Request `json:"oldest"`                       // of these
}

// A Request is a request in progress.
type Request struct {
	ID       string       `json:"id"` // X-Request-ID
	Method   string       `json:"method"`
	Path     string       `json:"path"`                                    // still escaped, without the query; cut at 256 bytes
	Client   string       `json:"client,omitempty"`                        // its address; absent for a client on a unix socket
	Group    string       `json:"group,omitempty"`                         // absent before the request is routed
	Static   string       `json:"static,omitempty"`                        // the prefix of the static that answers with a file; absent if none does
	Worker   *int         `json:"worker,omitempty" jsonschema:"minimum=0"` // the index within the group; absent while no worker has the request
	PID      int          `json:"pid,omitempty"`                           // of the worker's process; absent while no worker has the request
	Stage    RequestStage `json:"stage"`
	WaitsFor *WaitsFor    `json:"waits_for,omitempty"` // in the stage queued; in receiving only share
	Age      float64      `json:"age"`                 // seconds since the head arrived
	Queued   float64      `json:"queued"`              // seconds that the request waited, or has been waiting, for a slot
	Held     float64      `json:"held"`                // seconds since its worker got it; 0 while no worker has it
	Priority int          `json:"priority,omitempty"`  // in the queue; absent if it is 0
	// Fair stands for the key whose turns the request takes: the first eight digits of
	// its SHA-256. It is absent if there is no key, or if that is the client's address.
	Fair string `json:"fair,omitempty"`
}

// WaitsFor is what a request waits for that has no slot.
type WaitsFor struct {
	Kind   WaitsForKind `json:"kind"`
	Limit  string       `json:"limit,omitempty"`                         // the name of the shared limit, if it waits for one
	Worker *int         `json:"worker,omitempty" jsonschema:"minimum=0"` // the index of the worker that the request belongs to, if it waits for that
}

// A WaitsForKind is a kind of WaitsFor.
type WaitsForKind string

// The kinds.
const (
	WaitsForSlot    WaitsForKind = "slot"    // a free slot of any worker
	WaitsForWorker  WaitsForKind = "worker"  // a free slot of the worker that the request belongs to
	WaitsForLimit   WaitsForKind = "limit"   // a shared limit; a worker has a free slot
	WaitsForRelease WaitsForKind = "release" // ldcorn release, after ldcorn hold
	WaitsForReady   WaitsForKind = "ready"   // a worker to become ready; there is none
	WaitsForShare   WaitsForKind = "share"   // its client, which has its share of the buffers; it may be receiving
)

// A RequestStage says what a request waits for.
type RequestStage string

// The stages.
const (
	StageRouting   RequestStage = "routing"   // the router
	StageReading   RequestStage = "reading"   // the disk that has the file
	StageReceiving RequestStage = "receiving" // the body, before the request asks for a slot
	StageQueued    RequestStage = "queued"    // a slot
	StageWorking   RequestStage = "working"   // the beginning of the worker's answer
	StageAnswering RequestStage = "answering" // the rest of the answer, or the client to receive it
	StageSending   RequestStage = "sending"   // the client to receive the rest; the worker is done
	StageWebsocket RequestStage = "websocket" // nothing: it is an open websocket
)
