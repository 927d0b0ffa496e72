package api

// ExplainVersion is the version of an Explanation.
const ExplainVersion = 1

// A Question asks what happens to a request. It is the body of POST
// /v1/explain.
type Question struct {
	Line     string   `json:"line"` // such as "GET /x", "GET http://host/x" or "wss://host/x"
	Headers  []Header `json:"headers"`
	ClientIP string   `json:"client_ip"`          // 127.0.0.1 if it is empty
	Listener string   `json:"listener,omitempty"` // the address of a listener, as in bind; if it is empty, the first one that does not redirect
	// ClientCert is the certificate that the client has shown in the handshake; absent if
	// it has shown none. With it, a line without a URL means https, and an empty Listener
	// the first one that asks clients for certificates.
	ClientCert *ClientCert `json:"client_cert,omitempty"`
}

// A ClientCert is the certificate of a client that was verified. Each part can be absent.
type ClientCert struct {
	Subject     string   `json:"subject,omitempty"`     // such as "CN=me,O=Example"
	SAN         []string `json:"san,omitempty"`         // such as "DNS:me.example", "email:a@b", "URI:spiffe://a/b" or "IP:192.0.2.1"
	Fingerprint string   `json:"fingerprint,omitempty"` // SHA-256 in hexadecimal digits; 64 zeros if it is absent
}

// A Header is one field of the head of a request.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// An Explanation says what happens to a request, and why.
type Explanation struct {
	FormatVersion int               `json:"format_version"`
	Request       string            `json:"request"`                                                     // as in the question
	Listener      string            `json:"listener,omitempty"`                                          // the address that it comes to, as in bind
	Redirecting   []string          `json:"redirecting,omitempty"`                                       // other listeners, which would redirect it to https
	Refused       string            `json:"refused,omitempty"`                                           // why the request is refused regardless of the routes
	Router        *ExplainedRouter  `json:"router,omitempty"`                                            // absent if the configuration has none
	Statics       []ExplainedStatic `json:"statics,omitempty"`                                           // the statics that are asked for a file, in order
	Rules         []ExplainedRule   `json:"rules"`                                                       // the routes that were tried, in order
	Group         string            `json:"group,omitempty"`                                             // the group that takes it, if no static has a file
	Status        int               `json:"status,omitempty" jsonschema:"minimum=100,maximum=599"`       // of ldcorn's own answer; absent if the app answers
	Location      string            `json:"location,omitempty"`                                          // of a redirect
	Probe         string            `json:"probe,omitempty" jsonschema:"enum=live_path,enum=ready_path"` // the argument whose path it is, which ldcorn itself answers before anything else
	Python        *PythonUse        `json:"python,omitempty"`                                            // how the configuration was read, if it is Python
	// Settings is what the request gets at its group besides a worker, if that
	// does something, and the limits that count it.
	Settings []ExplainedSetting `json:"settings"`
}

// An ExplainedSetting is a setting of a request and where it comes from.
type ExplainedSetting struct {
	Name  string `json:"name"`  // of the argument
	Value string `json:"value"` // as the configuration writes it
	From  string `json:"from" jsonschema:"enum=default,enum=LdConfig,enum=WorkerGroup,enum=rule,enum=to"`
	At    string `json:"at,omitempty"`  // file:line:column; absent for a default
	Key   string `json:"key,omitempty"` // what the request has for the key; absent if it has none
	// Worker is the index of the worker that the request belongs to by this setting,
	// as a running master knows it; absent if there is none, or the setting is of
	// another kind.
	Worker *int `json:"worker,omitempty" jsonschema:"minimum=0"`
	// Homeless says that the running master knows no worker for the key, as for a
	// session that has ended: any worker can get the request.
	Homeless bool `json:"homeless,omitempty"`
}

// An ExplainedRouter describes the decision of the configuration's router.
type ExplainedRouter struct {
	Name    string `json:"name"`
	At      string `json:"at"`              // file:line:column
	Decided bool   `json:"decided"`         // if false, the routes decided
	Error   string `json:"error,omitempty"` // why the router failed
}

// An ExplainedStatic is a static that is asked for a file. Whether it has one, only a
// request shows.
type ExplainedStatic struct {
	Prefix      string `json:"prefix"`
	At          string `json:"at"`                    // file:line:column
	File        string `json:"file,omitempty"`        // the path of the file or the folder; absent if no file is looked up
	Unserved    string `json:"unserved,omitempty"`    // why no file is looked up for this path
	Fallthrough bool   `json:"fallthrough,omitempty"` // without such a file, the request goes on; otherwise it gets 404
}

// An ExplainedRule is a route that was tried.
type ExplainedRule struct {
	Route   string `json:"route"`
	Group   string `json:"group"`
	At      string `json:"at,omitempty"` // file:line:column; absent if the group has the default route
	Matched bool   `json:"matched"`
	Why     string `json:"why,omitempty"` // why it does not match
}
