package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/match"
)

// A Pos is a position in a configuration file. The zero Pos means unknown.
// Comparisons of plans ignore positions: moving a block is not a change.
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
	Path      string         // absolute path of the configuration file
	Python    *api.PythonUse // how the file was read; nil if it is not Python
	Listeners []Listener     // in the order written, at least one; their addresses differ
	Groups    []*Group       // in the order written; names are unique

	BindMode  BindMode  // of the files of unix sockets; Listeners have what holds
	BindOwner BindOwner // likewise

	Statics []Static // asked after the router and before the routes; their prefixes are unique

	Router        Router // asked before the routes; nil if there is none
	RouterSteps   int    // interpreter steps that one call may take
	OnRouterError OnRouterError

	Forwarded             Forwarded      // Listeners have what holds
	TrustedProxies        []netip.Prefix // peers whose forwarded headers are trusted; Listeners have what holds
	HeaderTimeout         time.Duration  // from the first byte of a head to its last; 0 means no limit
	IdleTimeout           time.Duration  // of a client connection between requests; 0 means no limit
	MaxHeaderSize         int            // bytes of a request's head; 0 means DefaultMaxHeaderSize
	MaxResponseHeaderSize int            // bytes of an answer's head; 0 means DefaultMaxResponseHeaderSize
	MaxBodySize           int64          // bytes of a request's body; 0 means no limit
	RateLimit             RateLimit      // of all valid requests, before that of their group
	UnderscoresInHeaders  bool           // pass on fields with "_" in their names instead of dropping them

	BufferMemory int64  // bytes of all buffers together that wait in memory
	BufferLimit  int64  // bytes of all buffers together that wait in files; 0 means none do
	BufferDir    string // absolute, of the files; "" means that engine/buffer finds one

	RequestHeaders  []HeaderEdit // applied to every request, before those of its group
	ResponseHeaders []HeaderEdit // applied to every worker's answer, before those of its group

	AccessLog AccessLog
	Tracing   *Tracing  // nil means none
	LogFormat LogFormat // of the access log; "" means LogText
	LogFields []LogField
	LogSample LogSample
	LogSlow   time.Duration // see LogSettings; LogOf has what holds

	ControlSocket ControlSocket

	Admin        Bind // for metrics and health; zero if none; the network is never "systemd"
	AdminToken   Text // a secret that opens what clients and workers wrote; zero if there is none
	AdminActions bool // whoever has AdminToken can reload, restart, scale and hold

	LivePath  string // on which ldcorn itself says that it runs; "" means none
	ReadyPath string // on which it says whether it can serve requests; "" means none
	ReadyWhen ReadyWhen

	OnEvent     []Hook    // in the order written
	BeforeStart []Command // what runs before workers start, in order; see Changes

	StartupTimeout  time.Duration // from the start of a worker until it is ready
	ShutdownDelay   time.Duration // from TERM until the listeners close; 0 means none
	ShutdownTimeout time.Duration // from then until the remaining requests are cut off
	ReloadSurge     Surge

	Inputs      []Input // everything that evaluation read, in order of first use
	Fingerprint string  // hex digest of Inputs; equal inputs give equal plans
	Pos         Pos     // of the LdConfig call

	Args []api.Arg         // the arguments of the configuration, in order of first use
	Set  map[string]string // what --set gave, by name; Args has the values

	recorded     *recorded         // not nil if the plan comes from FromRecord
	recordedArgs map[string]string // of such a plan, in place of Args
}

// Group returns the group with that name, or nil.
func (p *Plan) Group(name string) *Group {
	for _, group := range p.Groups {
		if group.Name == name {
			return group
		}
	}
	return nil
}

// An Input is a file, an environment variable, an argument or a fact of the machine
// that evaluation read.
type Input struct {
	Kind   InputKind
	Name   string // absolute path, or name of the variable, the word or the argument
	Digest string // hex digest of the content: SHA-256, or keyed; "" if unset
	Keyed  bool   // Digest is keyed with a salt, because the content is secret
	Value  string // of an argument, as the configuration would write it; otherwise ""
}

// An InputKind is the kind of an Input.
type InputKind string

// The kinds of input.
const (
	InputFile   InputKind = "file"
	InputEnv    InputKind = "env"
	InputSystem InputKind = "system" // such as cpu_count
	InputArg    InputKind = "arg"    // an argument of the configuration
)

// A Forwarded says what happens to X-Forwarded-* and Forwarded headers.
type Forwarded string

// The forwarded modes.
const (
	ForwardedSet    Forwarded = "set"    // overwrite them with what ldcorn saw
	ForwardedAppend Forwarded = "append" // append to those of a trusted peer, otherwise overwrite them
	ForwardedOff    Forwarded = "off"    // remove them and write none
)

// A Group is one worker group.
type Group struct {
	Name                  string
	App                   string // module:attribute, as given to Uvicorn
	Instances             int
	MaxReqPerWorker       int // 0 means no cap
	Routes                []Route
	ReloadOnSighup        bool
	LogLevel              string // uvicorn_log_level
	MaxRestartsOnCrash    int
	RestartBackoffOnCrash time.Duration
	QueueLimit            int           // requests that may wait for a slot; 0 means no limit
	QueueTimeout          time.Duration // how long a request may wait; 0 means no limit
	Queue                 Discipline    // the order of requests that wait
	Priority              int           // a request with a higher one gets a slot first
	Fair                  match.Key     // keys take turns for slots; zero if they do not
	RequestBuffer         BufferSize    // see RequestBufferSize
	ResponseBuffer        BufferSize    // see ResponseBufferSize
	RateLimit             RateLimit
	Limits                []Limit // shared with other groups; their names are unique
	Balance               Balance
	Sticky                Sticky        // which requests go to the same worker
	RequestTimeout        time.Duration // from the slot to the first byte of the answer; 0 means no limit
	ClientDisconnect      Disconnect
	SlowRequest           time.Duration // after which a request without an answer is logged; 0 means never
	DumpOnStuck           bool          // get the stack of a worker with such a request
	Env                   []EnvVar      // sorted by name; {index} in a value becomes the worker's index
	UvicornArgs           []string
	Cwd                   string   // absolute; "" means the master's folder
	Python                string   // as written; "" means found by engine/worker
	User                  string   // name or number; "" means the master's
	UnixGroup             string   // the argument group; name or number; "" means that of User, or the master's
	Umask                 Umask    // of new files
	Rlimits               []Rlimit // sorted by name, each name once
	Nice                  *int     // nil means the master's
	CPUAffinity           []CPUSet // a set for each worker in turn; empty means all CPUs of the master
	MemoryHigh            int64    // bytes, of a worker and its children; 0 means no limit
	MemoryMax             int64    // likewise
	StopTimeout           time.Duration
	DrainTimeout          time.Duration // for requests of a replaced worker; 0 means no limit
	WebsocketGrace        time.Duration // for its websockets
	HealthPath            string        // must answer with 2xx; "" means no health checks
	HealthHeaders         []HeaderEdit  // edits to the headers of the check
	HealthInterval        time.Duration // between health checks of a healthy worker
	HealthTimeout         time.Duration // of one health check
	UnhealthyAfter        int           // failed health checks in a row
	MetricsPath           string        // where the app has its metrics; "" means nowhere
	MetricsSum            bool          // show the sum of its workers rather than each of them
	MaxRequests           int           // after which a worker is replaced; 0 means never
	MaxRequestsJitter     int           // maximum number of additional requests, random for each worker
	MaxRSS                int64         // bytes, of a worker and its children; 0 means no limit
	MaxLifetime           time.Duration // 0 means no limit
	StripPrefix           string        // removed from the path that a worker gets; may be ""
	RequestHeaders        []HeaderEdit
	ResponseHeaders       []HeaderEdit
	AccessLog             AccessLog      // AccessLogAuto means the plan's
	LogFields             []LogField     // nil means the plan's
	LogSample             LogSample      // 0 means the plan's
	LogSlow               *time.Duration // nil means the plan's
	Scaled                bool           // Instances was set by Scale, not by the configuration
	Pos                   Pos

	recorded *recorded // not nil if the plan comes from FromRecord
}

// HasCap reports whether the requests that a group works on are limited, so that
// others wait while it has workers.
func (p *Group) HasCap() bool { return p.MaxReqPerWorker > 0 || len(p.Limits) > 0 }

// An EnvVar is one variable of a worker's environment.
type EnvVar struct {
	Name    string
	Value   Text
	Literal bool // {index} in the value stays as it is
}

const indexField = "{index}"

// Variable returns a variable. A literal value is data: {index} in it stays.
func Variable(name string, value Text, literal bool) EnvVar {
	return EnvVar{Name: name, Value: value, Literal: literal && strings.Contains(value.value, indexField)}
}

// Of returns the value for the worker with an index.
func (v EnvVar) Of(index int) string {
	if v.Literal {
		return v.Value.Reveal()
	}
	return strings.ReplaceAll(v.Value.Reveal(), indexField, strconv.Itoa(index))
}
