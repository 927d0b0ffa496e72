package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Pos is a place in a configuration file. The zero Pos means unknown.
// Positions take no part in comparing plans: moving a block is no change.
type Pos struct {
	File string
	Line int // from 1
	Col  int // from 1, in characters
}

// IsValid reports whether the position is known.
func (p Pos) IsValid() bool { return p.Line > 0 }

func (p Pos) String() string {
	if !p.IsValid() {
		return cmp.Or(p.File, "?")
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Plan is one evaluated and validated configuration.
type Plan struct {
	Path   string // absolute path of the configuration file
	Bind   Bind
	Groups []*Group // in the order written; names are unique

	BindMode  BindMode // of the file of a unix socket
	BindOwner BindOwner

	Router        Router // is asked before the routes are; nil = none
	RouterSteps   int    // of the interpreter, that one call may take
	OnRouterError OnRouterError

	Forwarded             Forwarded
	TrustedProxies        []netip.Prefix // peers whose forwarded headers are believed
	HeaderTimeout         time.Duration  // from the first byte of a head to its last; 0 = no limit
	IdleTimeout           time.Duration  // a client connection between requests; 0 = no limit
	MaxHeaderSize         int            // bytes of a request's head; 0 = DefaultMaxHeaderSize
	MaxResponseHeaderSize int            // bytes of an answer's head; 0 = DefaultMaxResponseHeaderSize
	MaxBodySize           int64          // bytes of a request's body; 0 = no limit
	UnderscoresInHeaders  bool           // fields with "_" in their names reach workers; false drops them

	RequestHeaders  []HeaderEdit // to every request, before those of its group
	ResponseHeaders []HeaderEdit // to every worker's answer, likewise

	AccessLog AccessLog
	LogFormat LogFormat // of the access log; "" = LogText

	ControlSocket ControlSocket

	Admin Bind // for metrics and health; zero = none; never of the network "systemd"

	StartupTimeout  time.Duration // from the start of a worker until it is ready
	ShutdownTimeout time.Duration // from TERM until requests still in flight are cut
	ReloadSurge     Surge

	Inputs      []Input // everything evaluation read, in order of first use
	Fingerprint string  // hex digest of Inputs; equal inputs give equal plans
	Pos         Pos     // of the LdConfig call

	recorded *recorded // not nil: made by Record.Plan
}

// Group returns the group of that name, or nil.
func (p *Plan) Group(name string) *Group {
	for _, group := range p.Groups {
		if group.Name == name {
			return group
		}
	}
	return nil
}

// An Input is a file, an environment variable or a fact of the machine that
// evaluation read.
type Input struct {
	Kind   InputKind
	Name   string // absolute path, name of the variable, or name of the word
	Digest string // hex digest of the content; salted for secrets; "" = unset
}

// InputKind says what an Input is.
type InputKind string

// The kinds of input.
const (
	InputFile   InputKind = "file"
	InputEnv    InputKind = "env"
	InputSystem InputKind = "system" // such as cpu_count
)

// Forwarded says what happens to X-Forwarded-* and Forwarded headers.
type Forwarded string

// The forwarded modes.
const (
	ForwardedSet    Forwarded = "set"    // overwrite with what ldcorn saw
	ForwardedAppend Forwarded = "append" // add to those of a trusted peer, else overwrite
	ForwardedOff    Forwarded = "off"    // remove, write none
)

// A Group is one worker group.
type Group struct {
	Name                  string
	App                   string // module:attribute, as given to Uvicorn
	Instances             int
	MaxReqPerWorker       int // 0 = no cap
	Routes                []Route
	ReloadOnSighup        bool
	LogLevel              string // uvicorn_log_level
	MaxRestartsOnCrash    int
	RestartBackoffOnCrash time.Duration
	QueueLimit            int           // requests that may wait for a slot; 0 = no limit
	QueueTimeout          time.Duration // how long one may; 0 = no limit
	Balance               Balance
	Sticky                match.Key     // requests of one key go to one worker
	RequestTimeout        time.Duration // from the slot to the first byte of the answer; 0 = no limit
	ClientDisconnect      Disconnect
	Env                   []EnvVar // sorted by name; {index} in a value becomes the worker's index
	UvicornArgs           []string
	Cwd                   string // absolute; "" = the master's directory
	Python                string // as written; "" = found, see engine/worker
	StopTimeout           time.Duration
	DrainTimeout          time.Duration // of requests of a worker that was replaced; 0 = no limit
	WebsocketGrace        time.Duration // of its websockets
	HealthPath            string        // must answer 2xx; "" = no health checks
	HealthHeaders         []HeaderEdit  // of the request for it
	HealthInterval        time.Duration // between health checks of a healthy worker
	HealthTimeout         time.Duration // of one health check
	UnhealthyAfter        int           // failed health checks in a row
	MaxRequests           int           // then a worker is replaced; 0 = never
	MaxRequestsJitter     int           // at most so many more, by worker
	MaxRSS                int64         // bytes, of a worker with its children; 0 = no limit
	MaxLifetime           time.Duration // 0 = no limit
	StripPrefix           string        // of the path that a worker gets; "" = none
	RequestHeaders        []HeaderEdit
	ResponseHeaders       []HeaderEdit
	Scaled                bool // Instances is what somebody has asked the master for, not the configuration's
	Pos                   Pos

	recorded *recorded // not nil: made by Record.Plan
}

// An EnvVar is one variable of a worker's environment.
type EnvVar struct {
	Name  string
	Value Text
}
