package api

// RequestsVersion is the version of Requests.
const RequestsVersion = 1

// Requests are the oldest requests that a master has in hand. Websockets are
// not among them.
type Requests struct {
	FormatVersion int       `json:"format_version"`
	Total         int       `json:"total" jsonschema:"minimum=0"` // how many there are
	Requests      []Request `json:"requests"`                     // the oldest ones, the oldest first
}

// A Request is one that has not ended yet.
type Request struct {
	ID     string       `json:"id"` // X-Request-ID
	Method string       `json:"method"`
	Path   string       `json:"path"`                                    // still escaped, without the query; cut at 256 bytes
	Client string       `json:"client,omitempty"`                        // its address; absent for a client on a unix socket
	Group  string       `json:"group,omitempty"`                         // absent before the request is routed
	Worker *int         `json:"worker,omitempty" jsonschema:"minimum=0"` // the index within the group; absent while no worker has the request
	Stage  RequestStage `json:"stage"`
	Age    float64      `json:"age"`    // seconds since the head came
	Queued float64      `json:"queued"` // seconds that the request has waited for a slot
}

// A RequestStage says what a request waits for.
type RequestStage string

// The stages.
const (
	StageRouting   RequestStage = "routing"   // the router
	StageQueued    RequestStage = "queued"    // a slot
	StageWorking   RequestStage = "working"   // the worker, to begin its answer
	StageAnswering RequestStage = "answering" // the rest of the answer, or the client, to take it
)
