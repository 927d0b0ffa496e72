package api

import (
	"strings"
	"time"
)

// StatusVersion is the version of a Status.
const StatusVersion = 1

// A Status describes the state of a master and its workers.
type Status struct {
	FormatVersion int        `json:"format_version"`
	Version       string     `json:"version"`                           // the version of ldcorn
	Now           time.Time  `json:"now"`                               // the master's time, from which ages are counted
	LastReload    *Reload    `json:"last_reload" jsonschema:"nullable"` // null before the first reload
	Running       *Running   `json:"running,omitempty"`                 // the reload or scaling in progress; absent if there is none
	AccessLog     *AccessLog `json:"access_log,omitempty"`              // absent unless ldcorn access-log has changed it
	LogLevel      *LogLevel  `json:"log_level,omitempty"`               // absent unless ldcorn log-level has changed it
	Stopping      *Stopping  `json:"stopping,omitempty"`                // absent unless the master was told to stop
	Incidents     []Incident `json:"incidents,omitempty"`               // what is wrong: what is bad first, then what goes on, then the cause of others; absent if nothing is
	PastIncidents int        `json:"past_incidents,omitempty"`          // how many have ended in the last 15 minutes, as far as the kept events tell; absent if none has
	Installed     *Installed `json:"installed,omitempty"`               // the file at the path of the master's program, if that is another program now, or none; absent if it is the one that runs
	Admin         string     `json:"admin,omitempty"`                   // the address of the admin listener, which has the dashboard; absent if there is none
	MasterStatus
	Listeners    []Listener             `json:"listeners"`    // in the order of the configuration
	Certificates []Certificate          `json:"certificates"` // of the listeners
	Counts       map[string]GroupCounts `json:"counts"`       // by group of the plan in effect
	RateLimits   []RateLimit            `json:"rate_limits"`  // of the plan in effect: that of LdConfig, then those of groups and their rules
	Buffers      Buffers                `json:"buffers"`
	Routing      Routing                `json:"routing"`
}

// An Installed is the file at the path that a master was started by, which is not the
// program that runs any more.
type Installed struct {
	Path    string    `json:"path"`
	Written time.Time `json:"written,omitzero"` // when the file was written; absent if there is none
	Gone    bool      `json:"gone,omitempty"`   // there is no file
}

// Routing is the routes of the plan in effect, with how often each has taken a request.
type Routing struct {
	Routes []RouteHits `json:"routes"`         // in the order written, at most MaxRoutes
	More   int         `json:"more,omitempty"` // routes that are left out
	Router uint64      `json:"router"`         // requests about which the router decided, since the start of the master
	None   uint64      `json:"none"`           // requests that no route took, since the start of the master
}

// MaxRoutes is how many routes a Routing has at most.
const MaxRoutes = 1000

// RouteHits is how often a route has taken a request.
type RouteHits struct {
	Group string `json:"group"`
	Route string `json:"route"` // as the configuration writes its matcher
	Hits  uint64 `json:"hits"`  // since a plan first had the route in the group
}

// A Listener describes an address on which clients connect.
type Listener struct {
	Bind          string `json:"bind"`           // as the configuration writes it
	Address       string `json:"address"`        // of the socket
	ProxyProtocol bool   `json:"proxy_protocol"` // connections begin with a header of the PROXY protocol
	TLS           bool   `json:"tls"`            // it speaks TLS
	ClientAuth    string `json:"client_auth"`    // whether clients must show certificates: "none", "request" or "require", or "mixed" if that depends on the name that they ask for
	RedirectHTTPS bool   `json:"redirect_https"` // requests get a redirect to https
}

// Buffers describes the bodies that wait in the master, of requests and of answers.
type Buffers struct {
	Memory      int64             `json:"memory"`            // bytes in memory
	MemoryLimit int64             `json:"memory_limit"`      // buffer_memory
	Disk        int64             `json:"disk"`              // bytes in files
	DiskLimit   int64             `json:"disk_limit"`        // buffer_limit; 0 if no files are used
	Files       int               `json:"files"`             // open files
	FilesLimit  int               `json:"files_limit"`       // 0 if no files are used
	Dir         string            `json:"dir,omitempty"`     // the folder of the files; absent if no files are used
	NoDisk      string            `json:"no_disk,omitempty"` // why the folder cannot be used
	HeldBack    int               `json:"held_back"`         // requests that wait because their client has its share
	Spills      uint64            `json:"spills"`            // bodies of which a part went to a file
	Refused     map[string]uint64 `json:"refused"`           // how often there was no room for more bytes, by reason; others are absent
}

// A RateLimit describes a rate limit. The counts begin when a plan first had the
// limit in its place with the same setting.
type RateLimit struct {
	Group   string `json:"group,omitempty"` // absent for the limit of LdConfig
	Route   string `json:"route,omitempty"` // of a rule; absent for the limit of the group or of LdConfig
	Limit   string `json:"limit"`           // as the configuration writes it
	Refused uint64 `json:"refused"`         // requests answered with 429
	Keys    int    `json:"keys"`            // in the table: those whose burst is not whole
	Room    int    `json:"room"`            // keys for which the table has room
	Evicted uint64 `json:"evicted"`         // keys that new ones drove out of the table, because it was full
}

// Ready reports whether there is a configuration, and each of its groups has a
// worker that gets requests.
func (s *Status) Ready() bool {
	for i := range s.Groups {
		if g := &s.Groups[i]; g.Ready == 0 && !g.Removed {
			return false
		}
	}
	return s.Generation > 0
}

// A Reload describes how the last reload went.
type Reload struct {
	At      time.Time `json:"at"`                // when it ended
	Took    float64   `json:"took"`              // in seconds
	Error   string    `json:"error"`             // empty if it was applied
	Summary string    `json:"summary,omitempty"` // the error in one line; absent if it was applied
	Public  string    `json:"-"`                 // what anybody may know of the error; "" if it was applied
}

// Brief returns the error in one line.
func (r *Reload) Brief() string {
	if r.Summary != "" {
		return r.Summary
	}
	line, _, _ := strings.Cut(r.Error, "\n") // a master of another version may send no summary
	return strings.TrimSuffix(line, "; it wrote:")
}

// A Running is a reload or a scaling in progress.
type Running struct {
	What   RunningKind `json:"what"`
	Group  string      `json:"group,omitempty"`  // the group being scaled
	Since  time.Time   `json:"since"`            // when it began
	Waits  []string    `json:"waits,omitempty"`  // the groups with new workers that are not ready yet; absent while a reload reads its configuration
	Reason string      `json:"reason,omitempty"` // why one of these workers is not ready, or what the reload waits for, where a command is only its program for anybody; absent if unknown

	PublicReason string `json:"-"` // what anybody may know of a Reason that may hold secrets; "" if that is all of it
}

// Public returns what anybody who can reach the admin listener may know. It returns nil
// for nil.
func (r *Running) Public() *Running {
	if r == nil || r.PublicReason == "" {
		return r
	}
	out := *r
	out.Reason, out.PublicReason = r.PublicReason, ""
	return &out
}

// A Stopping says how far the stop of a master is.
type Stopping struct {
	Since  time.Time `json:"since"` // when it was told to stop
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // the end of shutdown_delay; absent once it is over, or if there is none
}

// A RunningKind says what a Running is about.
type RunningKind string

// The kinds.
const (
	RunningReload RunningKind = "reload"
	RunningScale  RunningKind = "scale"
)

// A MasterStatus is the part of a Status that comes from the supervisor of the
// workers.
type MasterStatus struct {
	PID         int           `json:"pid"`
	Started     time.Time     `json:"started"`
	Config      string        `json:"config"`                       // the path of the configuration
	Fingerprint string        `json:"fingerprint"`                  // of the plan in effect
	Generation  int           `json:"generation"`                   // of the plan in effect; 0 before the first
	Applied     time.Time     `json:"applied"`                      // when the plan took effect, or a group was last scaled
	RSS         int64         `json:"rss"`                          // resident memory of the master alone, in bytes
	CPU         float64       `json:"cpu"`                          // processor time of the master alone, in seconds
	Groups      []GroupStatus `json:"groups" jsonschema:"nullable"` // in the order of the configuration, then removed groups that are draining; null before the first plan
	Limits      []Limit       `json:"limits,omitempty"`             // that groups share, by name; absent if there are none
}

// A Limit describes a limit that groups share.
type Limit struct {
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	InHand  int      `json:"in_hand"` // requests and websockets in all groups, including those of removed groups
	Waiting int      `json:"waiting"` // requests that have a free worker and wait for the limit
	Groups  []string `json:"groups"`  // whose requests count, including removed groups
}

// A GroupStatus describes the state of a worker group.
type GroupStatus struct {
	Name      string         `json:"name"`
	App       string         `json:"app"`
	Instances int            `json:"instances"`                      // how many workers are wanted
	Ready     int            `json:"ready"`                          // workers that get requests
	Cap       int            `json:"cap"`                            // max_req_per_worker; 0 if there is none
	Queued    int            `json:"queued"`                         // requests waiting for a slot
	Queue     Queue          `json:"queue"`                          // how they wait
	Requests  int            `json:"requests"`                       // requests in flight, including those on old workers
	Held      bool           `json:"held"`                           // its requests wait until it is released
	HeldSince time.Time      `json:"held_since,omitzero"`            // absent unless the group is held
	Failed    bool           `json:"failed"`                         // every worker has failed
	Mood      Mood           `json:"mood,omitempty"`                 // how good its state is, with its incidents
	Removed   bool           `json:"removed"`                        // it is no longer in the configuration
	System    *System        `json:"system,omitempty"`               // what its workers are for the operating system; absent if that is up to the master
	Pinned    []string       `json:"pinned,omitempty"`               // the arguments whose changes wait until the group is replaced; absent if there are none
	Sticky    *Sticky        `json:"sticky,omitempty"`               // absent unless the group has by_issued or by_session
	Restarts  []Restarts     `json:"restarts" jsonschema:"nullable"` // by index, since the group was first added
	Workers   []WorkerStatus `json:"workers" jsonschema:"nullable"`  // by index, older workers first
}

// A System is what the workers of a group are for the operating system, as far as the
// group has settings for it.
type System struct {
	User        string            `json:"user,omitempty"`
	Group       string            `json:"group,omitempty"` // the Unix group
	Umask       string            `json:"umask,omitempty"` // octal digits
	Rlimits     map[string]Rlimit `json:"rlimits,omitempty"`
	Nice        *int              `json:"nice,omitempty"`
	CPUAffinity []string          `json:"cpu_affinity,omitempty"` // a set for all workers, or one for each in turn
	MemoryHigh  int64             `json:"memory_high,omitempty"`  // bytes
	MemoryMax   int64             `json:"memory_max,omitempty"`   // bytes
}

// A Rlimit is a limit of what a process may use.
type Rlimit struct {
	Soft string `json:"soft"` // a number, or unlimited
	Hard string `json:"hard"`
}

// A Queue describes how the requests of a group wait for a slot.
type Queue struct {
	Overloaded bool    `json:"overloaded"` // the newest request gets a slot first, because clients leave before they get one
	Oldest     float64 `json:"oldest"`     // seconds that the request has waited that has waited longest; 0 if none waits
	Full       uint64  `json:"full"`       // requests refused because of queue_limit, since the group was added
	Evicted    uint64  `json:"evicted"`    // requests that lost their place in a full queue to another
	TimedOut   uint64  `json:"timed_out"`  // requests that waited too long
	Left       uint64  `json:"left"`       // requests whose client left while they waited
}

// A Sticky describes how by_issued or by_session binds clients to the workers
// of a group. The counts begin when the group was added.
type Sticky struct {
	Known    int    `json:"known"`    // sessions whose worker is known
	Learned  uint64 `json:"learned"`  // sessions that became known
	Evicted  uint64 `json:"evicted"`  // sessions that were forgotten because there were too many
	Issued   uint64 `json:"issued"`   // cookies given to clients
	Followed uint64 `json:"followed"` // requests that were for the worker of their cookie or session
	Strayed  uint64 `json:"strayed"`  // requests with a good cookie, or an id, that led to no worker
}

// Restarts counts, by reason, how often the worker of one index was started
// again or given up. Reloads do not count. It is null for an index without
// restarts.
type Restarts map[RestartReason]int

// A RestartReason says why a worker was started again without a reload.
type RestartReason string

// The reasons.
const (
	RestartCrash       RestartReason = "crash"        // it exited on its own
	RestartStart       RestartReason = "start_failed" // it exited, or was stopped, before it was ready
	RestartUnhealthy   RestartReason = "unhealthy"    // it failed its health checks
	RestartMaxRequests RestartReason = "max_requests"
	RestartMaxRSS      RestartReason = "max_rss"
	RestartMaxLifetime RestartReason = "max_lifetime"
	RestartCommand     RestartReason = "command" // ldcorn restart
)

// RestartReasons lists all reasons. It is read-only.
var RestartReasons = []RestartReason{RestartCrash, RestartStart, RestartUnhealthy, RestartMaxRequests, RestartMaxRSS,
	RestartMaxLifetime, RestartCommand}

// A WorkerStatus describes the state of a worker. A worker that is waiting to
// be started again, or has failed, has no process.
type WorkerStatus struct {
	Index      int         `json:"index"`
	PID        int         `json:"pid"` // 0 without a process
	State      WorkerState `json:"state"`
	New        bool        `json:"new,omitempty"`            // it was started by a reload, or to replace the worker of its index, and gets no requests yet
	Since      time.Time   `json:"since"`                    // when it entered the state; the year 1 if it has failed
	Generation int         `json:"generation"`               // of the plan that started it
	Requests   int         `json:"requests"`                 // in flight
	Websockets int         `json:"websockets"`               // open
	Served     uint64      `json:"served"`                   // requests, including those in flight
	Restarts   int         `json:"restarts"`                 // after crashes of the workers of this index
	LastExit   string      `json:"last_exit"`                // why the previous worker exited, in one line; empty for the first
	RSS        int64       `json:"rss"`                      // resident memory of the worker and the processes that it started, in bytes
	CPU        float64     `json:"cpu"`                      // processor time of those, in seconds
	Mood       Mood        `json:"mood,omitempty"`           // how good its state is, with its incidents
	Socket     string      `json:"-"`                        // where it listens; only within the master
	Oldest     *Request    `json:"oldest_request,omitempty"` // of the requests that it has; absent if there is none, or if ldcorn status was not asked for requests
}

// A WorkerState is a stage in the life of a worker.
type WorkerState string

// The states.
const (
	StateBackoff  WorkerState = "backoff"  // it crashed, and is waiting to be started again
	StateStarting WorkerState = "starting" // it is not ready yet
	StateReady    WorkerState = "ready"    // it gets requests
	StateDraining WorkerState = "draining" // it gets no new requests, and finishes those that it has
	StateStopping WorkerState = "stopping" // it was told to stop
	StateExited   WorkerState = "exited"
	StateFailed   WorkerState = "failed" // it crashed too often in a row; the next reload tries again
)

// GroupCounts counts the requests of a group since it was first added.
type GroupCounts struct {
	Counts
	Seats []Counts `json:"seats"` // the requests by index of the last worker tried; seats at the end without requests can be missing
}

// Counts counts completed requests.
type Counts struct {
	Requests uint64                 `json:"requests"`
	Statuses map[StatusClass]uint64 `json:"statuses"` // the classes that occurred; a client that left before its answer counts as 4xx
	Faults   map[string]uint64      `json:"faults"`   // requests without a complete answer of the app, by reason; they also count in statuses
	Repeats  uint64                 `json:"repeats"`  // how often a request went to another worker
	Took     float64                `json:"took"`     // total seconds from the head of a request to the end of its answer or, for a websocket, its acceptance
	Queued   float64                `json:"queued"`   // total seconds spent waiting for a slot
}

// A StatusClass is a class of status codes.
type StatusClass string

// The classes.
const (
	Class1xx StatusClass = "1xx"
	Class2xx StatusClass = "2xx"
	Class3xx StatusClass = "3xx"
	Class4xx StatusClass = "4xx"
	Class5xx StatusClass = "5xx"
)
