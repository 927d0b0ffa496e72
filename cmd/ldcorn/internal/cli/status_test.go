package cli

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

const statusText = `
ldcorn 1.2.3, pid 4121, up 3d4h, generation 17, /srv/ldconfig.star
listening on [::]:80 (redirects to https), [::]:443 (https), unix:/run/web (systemd:web)
last reload 2m5s ago, failed: group "api": worker 0: exit code 3
buffers: 3 MiB of 64 MiB in memory, 2 GiB of 10 GiB in 2 files of /var/tmp, no room for a body 4 times: disk 3, files 1

GROUP  READY  QUEUED  CAP      NOTE
api    1/2    3       10, gpu  held for 5m0s; pinned: app, env changed
gone   0/0    0       -        removed, draining

WORKER  PID   STATE     FOR   IN FLIGHT  WEBSOCKETS  SERVED  RESTARTS  RSS     CPU    LAST EXIT
api.0   4130  ready     1h1m  10         2           99      0         64 MiB  1.5 s
api.1   -     failed    -     0          0           0       4         -       -      exit code 1
gone.0  4131  draining  0s    1          0           5       0         -       -

LIMIT  IN HAND  WAITING  GROUPS
gpu    3/4      2        api, web
old    1/1      0        -

RATE LIMIT OF  ROUTE           LIMIT                              REFUSED  KEYS
LdConfig       -               "10/s", burst=10, by=None          0        0
api            path("/login")  "5/m", burst=5, by=by_client_ip()  7        3
`

// aStatus has groups and workers of every kind.
func aStatus() *api.Status {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	st := &api.Status{Version: "1.2.3", Now: now, Certificates: []api.Certificate{},
		Listeners:  []api.Listener{{Bind: ":80", Address: "[::]:80", RedirectHTTPS: true}, {Bind: ":443", Address: "[::]:443", TLS: true}, {Bind: "systemd:web", Address: "unix:/run/web"}},
		LastReload: &api.Reload{At: now.Add(-125 * time.Second), Error: "group \"api\": worker 0: exit code 3; it wrote:\n    one\n    two"}}
	st.PID, st.Started, st.Generation, st.Config = 4121, now.Add(-76*time.Hour), 17, "/srv/ldconfig.star"
	st.Groups = []api.GroupStatus{
		{Name: "api", Instances: 2, Ready: 1, Cap: 10, Queued: 3, Held: true, HeldSince: now.Add(-5 * time.Minute), Pinned: []string{"app", "env"}, Workers: []api.WorkerStatus{
			{Index: 0, PID: 4130, State: api.StateReady, Since: now.Add(-61 * time.Minute), Requests: 10, Websockets: 2, Served: 99, RSS: 64 << 20, CPU: 1.5},
			{Index: 1, State: api.StateFailed, Restarts: 4, LastExit: "exit code 1"},
		}},
		{Name: "gone", Removed: true, Workers: []api.WorkerStatus{
			{PID: 4131, State: api.StateDraining, Since: now.Add(time.Second), Requests: 1, Served: 5},
		}},
	}
	st.Counts = map[string]api.GroupCounts{"api": {
		Counts: api.Counts{Requests: 3, Statuses: map[api.StatusClass]uint64{"2xx": 2, "5xx": 1}, Faults: map[string]uint64{"no_answer": 1}, Repeats: 1, Took: 0.25},
		Seats:  []api.Counts{{Requests: 2, Statuses: map[api.StatusClass]uint64{"2xx": 2}, Faults: map[string]uint64{}}},
	}}
	st.Buffers = api.Buffers{Memory: 3 << 20, MemoryLimit: 64 << 20, Disk: 2 << 30, DiskLimit: 10 << 30, Files: 2, FilesLimit: 64, Dir: "/var/tmp", Spills: 5,
		Refused: map[string]uint64{"disk": 3, "memory": 0, "files": 1}}
	st.Limits = []api.Limit{{Name: "gpu", Size: 4, InHand: 3, Waiting: 2, Groups: []string{"api", "web"}}, {Name: "old", Size: 1, InHand: 1, Groups: []string{}}}
	st.Routing = api.Routing{Routes: []api.RouteHits{{Group: "api", Route: `"/login"`, Hits: 7}}, More: 1, None: 2}
	st.RateLimits = []api.RateLimit{
		{Limit: `rate("10/s", burst=10, by=None)`, Room: 16},
		{Group: "api", Route: `path("/login")`, Limit: `rate("5/m", burst=5, by=by_client_ip())`, Refused: 7, Keys: 3, Room: 131072},
	}
	return st
}

func TestWriteStatus(t *testing.T) {
	st := aStatus()
	var out strings.Builder
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Equal(t, statusText[1:], out.String(), "no line ends in blanks")

	zero := 0
	st.Groups[0].Workers[0].Oldest = &api.Request{ID: "6c1d", Method: "GET", Path: "/slow", Group: "api", Worker: &zero, Stage: api.StageWorking, Age: 64, Held: 61.5, Queued: 2.5}
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), `
AGE   STAGE    WORKER  HELD  QUEUED  CLIENT  ID    REQUEST
1m4s  working  api.0   1m1s  2.5s    -       6c1d  GET /slow

LIMIT `)
	st.Groups[0].Workers[0].Oldest = nil

	st.Running = &api.Running{What: api.RunningReload, Since: st.Now.Add(-5 * time.Second)}
	st.Groups[0].Workers[0].New = true
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), "(systemd:web)\nreloading for 5s\nlast reload")
	assert.Contains(t, out.String(), "api.0   4130  ready (new)  1h1m")
	st.Running.Waits, st.Running.Reason = []string{"api", "web"}, "api.0: GET /nope: status 404"
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), "\nreloading for 5s: waiting for api, web (api.0: GET /nope: status 404)\n")
	st.Running.What, st.Running.Group, st.Running.Waits, st.Running.Reason = api.RunningScale, "api", nil, ""
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), "\nscaling api for 5s\n")

	st.Buffers.NoDisk = "/var/tmp is a tmpfs, which is memory"
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), "\nbuffers: 3 MiB of 64 MiB in memory, no room for a body 4 times: disk 3, files 1; no files: /var/tmp is a tmpfs, which is memory\n")
	st.Buffers.HeldBack = 2
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), " in memory, 2 requests held back, no room ")
	st.Buffers = api.Buffers{}

	st.LastReload.Summary = "in one line"
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	assert.Contains(t, out.String(), "ago, failed: in one line\n\nGROUP")

	st.LastReload.Summary = strings.Repeat("worker ", 100)
	st.RateLimits[1].Route = `prefix("/` + strings.Repeat("long", 20) + `")`
	out.Reset()
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{}))
	for line := range strings.Lines(out.String()) {
		assert.Less(t, utf8.RuneCountInString(line), 350, line)
		assert.False(t, strings.HasPrefix(line, "api  ") && utf8.RuneCountInString(line) > 110, line)
	}
	assert.Contains(t, out.String(), "…\n")
	assert.NotContains(t, out.String(), strings.Repeat("long", 10))

	out.Reset()
	require.NoError(t, writeStatus(&out, &api.Status{Listeners: []api.Listener{{Address: "[::]:80"}}}, "", terminal.Look{}))
	assert.Contains(t, out.String(), "bound to [::]:80: clients wait until the start is over")
	assert.NotContains(t, out.String(), "listening")
	assert.Contains(t, out.String(), "starting: no group is ready yet")
}

// TestStatusJSON holds what status --json prints and its schema together.
func TestStatusJSON(t *testing.T) {
	is := schemaOf(t, "status")
	starting := &api.Status{Listeners: []api.Listener{}, Certificates: []api.Certificate{}, Counts: map[string]api.GroupCounts{}, RateLimits: []api.RateLimit{}, Routing: api.Routing{Routes: []api.RouteHits{}}, Buffers: api.Buffers{Refused: map[string]uint64{}}}
	starting.PID = 1
	for _, st := range []*api.Status{aStatus(), starting} {
		st.FormatVersion = api.StatusVersion
		is.fits(t, st)
	}

	// A count that nobody knows is refused, of a group and of a seat.
	for _, at := range []string{`"requests": 3`, `"requests": 2`} {
		text := strings.Replace(written(t, aStatus()).String(), at, at+`, "more": 1`, 1)
		require.Contains(t, text, `"more"`)
		require.Error(t, is.check(t, strings.NewReader(text)))
	}
}

// TestWriteStatus_LongNames: neither long names nor many columns make a line wider
// than the terminal, and workers can be told apart.
func TestWriteStatus_LongNames(t *testing.T) {
	st := aStatus()
	name := strings.Repeat("group-of-a-long-name-", 2) + "x"
	g := &st.Groups[0]
	g.Name, g.Queue.Overloaded, g.Failed = name, true, true
	g.Workers[0].State, g.Workers[0].New = api.StateStarting, true
	st.Limits[0].Name, st.Limits[0].Groups = strings.Repeat("limit", 8), []string{name, name}
	st.RateLimits[1].Group, st.RateLimits[1].Limit = name, `rate("5/m", burst=5, by=by_header("X-Some-Long-Header"))`
	st.Config = strings.Repeat("/folder", 20) + "/ldconfig.star"
	for i := range 3 {
		g.Workers = append(g.Workers, api.WorkerStatus{Index: i + 2, State: api.StateBackoff, LastExit: strings.Repeat("word ", 50), Restarts: 1 << 30, RSS: 1 << 50, CPU: 1e7})
	}
	for _, width := range []int{100, 80, 60} {
		var out strings.Builder
		require.NoError(t, writeStatus(&out, st, "started in /srv by www-data", terminal.Look{Width: width}))
		for line := range strings.Lines(out.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
		for _, part := range []string{"/folder/ldconfig.star\n", "\nstarted in /srv by www-data\n", "-x.4 ", "starting (new)", "failed; ", "LAST EXIT", "word"} {
			assert.Contains(t, out.String(), part, width)
		}
	}
}

// TestWriteStatus_Color: colors change nothing else, and tell states apart.
func TestWriteStatus_Color(t *testing.T) {
	var plain, colored strings.Builder
	st := aStatus()
	require.NoError(t, writeStatus(&plain, st, "", terminal.Look{Width: 80}))
	require.NoError(t, writeStatus(&colored, st, "", terminal.Look{Width: 80, Color: true}))
	assert.Equal(t, plain.String(), regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(colored.String(), ""))
	for _, state := range []string{green + "ready" + reset, red + "failed" + reset, yellow + "draining" + reset, yellow + "1/2" + reset} {
		assert.Contains(t, colored.String(), state)
	}
	assert.Empty(t, stateColor("unknown"))
	assert.Equal(t, green, readyColor("2/2"))
	assert.Equal(t, red, readyColor("0/2"))
	assert.Empty(t, readyColor("0/0"))
}

// TestWriteStatus_Narrow: nothing is wider than the terminal, the columns that
// matter least go first and are named, and the reason of an exit stays whole.
func TestWriteStatus_Narrow(t *testing.T) {
	const all = "CPU RSS SERVED PID RESTARTS FOR WEBSOCKETS"
	for width, hidden := range map[int]string{
		0:   "",
		110: "CPU",
		104: "CPU, RSS",
		80:  "CPU, RSS, SERVED, PID, RESTARTS",
		60:  "CPU, RSS, SERVED, PID, RESTARTS, FOR, WEBSOCKETS",
	} {
		st := aStatus()
		st.Groups[0].Workers[1].LastExit = "killed by signal 9 (SIGKILL)"
		var out strings.Builder
		require.NoError(t, writeStatus(&out, st, "", terminal.Look{Width: width}))
		for line := range strings.Lines(out.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), max(width, 200*(1-min(width, 1))), line)
		}
		_, workers, _ := strings.Cut(out.String(), "\nWORKER ")
		heads, _, _ := strings.Cut(workers, "\n")
		for name := range strings.FieldsSeq(all) {
			assert.Equal(t, strings.Contains(hidden, name), !strings.Contains(heads, name), "%d: %s", width, out.String())
		}
		assert.Contains(t, out.String(), "killed by signal 9 (SIGKILL)\n")
		if hidden == "" {
			assert.NotContains(t, workers, "no room for")
		} else {
			assert.Contains(t, strings.ReplaceAll(workers, "\n", " "), "no room for "+hidden+"; --json has all ")
		}
	}

	// Counts that are all 0 go before others, and open websockets stay.
	st := aStatus()
	st.Groups[0].Workers[1].Restarts, st.Groups[0].Workers[1].LastExit = 0, ""
	var out strings.Builder
	require.NoError(t, writeStatus(&out, st, "", terminal.Look{Width: 90}))
	assert.Contains(t, out.String(), "\nno room for RESTARTS; --json has all\n")
	assert.Contains(t, out.String(), "WEBSOCKETS  SERVED")
}
