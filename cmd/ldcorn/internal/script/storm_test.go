//go:build linux

package script

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// stormReloads returns how many reloads a storm has: $LDCORN_STORM, or 8.
func stormReloads(ts *testscript.TestScript) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LDCORN_STORM"), "8"))
	ts.Check(err)
	return n
}

// storm reloads random configurations repeatedly, under load:
//
//	storm [-broken]
//
// 64 clients keep their connections and 64 open new ones, for GET, POST of 1
// MiB, chunked uploads and event streams. 200 websockets are held open. Groups
// are kept, resized, replaced, added and removed, and caps change. No request
// may fail, no cap may be exceeded (the app counts, and prints "over the cap"),
// no websocket of a kept worker may close, every process must change as
// planned, and nothing may be left over. With -broken, every third
// configuration cannot be applied: the reload must report that and change
// nothing.
//
// storm needs a master that runs with ldconfig.star. It writes that file and
// the file "cap".
func cmdStorm(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "storm")
	reloads := stormReloads(ts)
	seed := rand.Uint64()
	s := &storm{ts: ts, srv: named(ts, ""), rnd: rand.New(rand.NewPCG(seed, 0)), calm: stormConfig{WebCap: 3, Capped: 2, Sized: 2}}
	fmt.Fprintf(ts.Stdout(), "seed %d, %d reloads\n", seed, reloads)
	sockets, err := filepath.Glob(filepath.Join(of(ts).runDir, "ldcorn", "*", control.SocketName))
	ts.Check(err)
	s.socket, s.client = sockets[0], control.NewClient(sockets[0])

	s.warmUp()
	before := of(ts).least(ts, s.srv)
	kept := s.pids()
	l := stormLoad(s.srv.addr, s.rnd)
	of(ts).loads["storm"] = l
	for i := range reloads {
		if i%3 == 2 && slices.Equal(args, []string{"-broken"}) {
			s.fail()
		} else {
			s.apply(s.next())
		}
		for _, group := range []string{"kept", "capped"} {
			if now := s.pids()[group]; !slices.Equal(now, kept[group]) {
				ts.Fatalf("group %s was kept, but its workers were %v and are %v", group, kept[group], now)
			}
		}
	}
	l.wait(ts, []string{"20"})
	delete(of(ts).loads, "storm")
	l.finish(ts, false)
	s.calmDown()
	of(ts).awaitFootprint(ts, s.srv, before)
	if log := s.srv.log.All(); bytes.Contains(log, []byte("over the cap")) || bytes.Contains(log, []byte("panic")) {
		ts.Fatalf("a cap was exceeded, or something panicked; see the log")
	}
}

type storm struct {
	ts     *testscript.TestScript
	srv    *server
	socket string
	client *control.Client
	rnd    *rand.Rand
	calm   stormConfig // before and after
	now    stormConfig // as applied
}

// stormConfig holds the parts of the configuration that vary during a storm.
type stormConfig struct {
	WebCap    int // of the group web, which is replaced
	Capped    int // cap of the group capped, which is kept
	Sized     int // instances of the group sized
	Extra     int // instances of the group extra; 0 = no such group
	ExtraKept bool
	WebApp    string // of the group web; "" = the app
	BadApp    string // of one more group; "" = no such group
	Startup   string // startup_timeout; "" = the default
	Surge     string // reload_surge; "" = none
}

// On a machine this busy, a worker can be late to answer a ping, which does not
// matter here.
var stormTemplate = template.Must(template.New("").Parse(`
calm = ["--ws-ping-interval", "3600", "--ws-ping-timeout", "3600"]
config = LdConfig(
    bind = "127.0.0.1:0",
    admin = "127.0.0.1:0",
    {{with .Startup}}startup_timeout = "{{.}}",{{end}}
    {{with .Surge}}reload_surge = {{.}},{{end}}
    workers = [
        WorkerGroup("web", "{{or .WebApp "storm:app"}}", instances=2, max_req_per_worker={{.WebCap}}, env={"CAP": "{{.WebCap}}"}),
        WorkerGroup("live", "storm:app", routes=["/live"], websocket_grace=0.5, uvicorn_args=calm),
        WorkerGroup("kept", "storm:app", instances=2, routes=["/kept"], reload_on_sighup=False, uvicorn_args=calm),
        WorkerGroup("capped", "storm:app", instances=2, routes=["/capped"], reload_on_sighup=False, max_req_per_worker={{.Capped}}),
        WorkerGroup("sized", "storm:app", instances={{.Sized}}, routes=["/sized"], reload_on_sighup=False, websocket_grace=0.5, uvicorn_args=calm),
        {{if .Extra}}WorkerGroup("extra", "storm:app", instances={{.Extra}}, routes=["/extra"], reload_on_sighup={{if .ExtraKept}}False{{else}}True{{end}}),{{end}}
        {{with .BadApp}}WorkerGroup("bad", "{{.}}", routes=["/bad"]),{{end}}
    ],
)
`))

func (s *storm) next() stormConfig {
	c := stormConfig{WebCap: 1 + s.rnd.IntN(4), Capped: 1 + s.rnd.IntN(4), Sized: 1 + s.rnd.IntN(4),
		ExtraKept: s.rnd.IntN(2) == 0}
	if s.rnd.IntN(3) == 0 {
		c.Surge = []string{"1", "2", `"30%"`}[s.rnd.IntN(3)]
	}
	if s.now.Extra == 0 || s.rnd.IntN(2) == 0 {
		c.Extra = 1 + s.rnd.IntN(2)
	}
	return c
}

// replace replaces a file in one step.
func replace(ts *testscript.TestScript, name string, data []byte) {
	path := ts.MkAbs(name)
	ts.Check(os.WriteFile(path+".new", data, 0o600))
	ts.Check(os.Rename(path+".new", path))
}

func (s *storm) configure(c stormConfig) {
	var text bytes.Buffer
	s.ts.Check(stormTemplate.Execute(&text, c))
	replace(s.ts, "ldconfig.star", text.Bytes())
}

// warmUp makes everything exist once that then stays for good, such as the
// buffers of event loops, and leaves the calm configuration.
func (s *storm) warmUp() {
	s.apply(s.calm)
	s.crowd()
	l := stormLoad(s.srv.addr, s.rnd)
	of(s.ts).loads["storm"] = l
	l.wait(s.ts, []string{"20"})
	delete(of(s.ts).loads, "storm")
	l.finish(s.ts, false)
	s.calmDown()
}

// crowd has more concurrent requests than event loops keep coroutines and
// pipes, so that afterwards they have as many as they will ever keep.
func (s *storm) crowd() {
	var all sync.WaitGroup
	for i := range 600 {
		c := &httpClient{addr: s.srv.addr, method: "GET", path: "/kept/slow"}
		if i < 64 {
			c.method, c.path, c.body = "POST", "/kept/echo", megabyte
		}
		all.Go(func() {
			defer c.close()
			if err := c.request(context.Background()); err != nil {
				s.ts.Logf("crowd: %v", err)
			}
		})
	}
	all.Wait()
}

// calmDown replaces every worker, and so ends their work for earlier requests.
func (s *storm) calmDown() {
	s.configure(s.calm)
	s.reload(api.ReloadRequest{All: true}, api.StepFinished)
	s.setCap(s.calm.Capped)
	s.now = s.calm
}

// apply applies a configuration and compares what happens with the plan. Half
// of the time, the next reload begins while old workers still drain.
func (s *storm) apply(c stormConfig) {
	if c.Capped > s.now.Capped {
		s.setCap(c.Capped)
	}
	s.configure(c)
	report, err := s.client.Plan(context.Background(), api.PlanRequest{})
	s.ts.Check(err)
	before := s.pids()
	last := api.StepApplied
	if s.rnd.IntN(2) == 0 {
		last = api.StepFinished
	}
	s.reload(api.ReloadRequest{}, last)
	after := s.pids()
	for _, g := range report.Groups {
		was, is := before[g.Name], after[g.Name]
		kept := 0
		for _, pid := range is {
			if slices.Contains(was, pid) {
				kept++
			}
		}
		got := api.PlanWorkers{Before: len(was), After: len(is), Start: len(is) - kept, Stop: len(was) - kept}
		if got != g.Workers {
			s.ts.Fatalf("group %s: planned %+v (%s), and it was %+v", g.Name, g.Workers, g.Action, got)
		}
	}
	if c.Capped < s.now.Capped {
		s.awaitCap(c.Capped)
		s.setCap(c.Capped)
	}
	s.now = c
}

// reload waits for an event of a reload.
func (s *storm) reload(want api.ReloadRequest, last api.ReloadStepKind) {
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	err := s.client.Reload(ctx, want, func(e api.ReloadStep) error {
		switch e.Kind {
		case api.StepFailed:
			return fmt.Errorf("%s (%s): %q", e.Error, e.Outcome, e.Stderr)
		case last:
			return errSeen
		}
		return nil
	})
	if err != errSeen {
		s.ts.Fatalf("reload: %v", err)
	}
}

var errSeen = fmt.Errorf("that is what was waited for")

// setCap tells the app the maximum that it may see.
func (s *storm) setCap(n int) { replace(s.ts, "cap", []byte(strconv.Itoa(n))) }

// awaitCap waits until the requests that began before a cap was lowered are
// done.
func (s *storm) awaitCap(cap int) {
	ok := harness.Until(func() bool {
		return !slices.ContainsFunc(s.groups()["capped"].Workers, func(w api.WorkerStatus) bool { return w.Requests > cap })
	})
	if !ok {
		s.ts.Fatalf("the lowered cap %d never came to hold", cap)
	}
}

func (s *storm) groups() map[string]api.GroupStatus {
	st, _, err := s.client.Status(context.Background())
	s.ts.Check(err)
	out := make(map[string]api.GroupStatus)
	for _, g := range st.Groups {
		if !g.Removed {
			out[g.Name] = g
		}
	}
	return out
}

// pids returns the workers in service, by group and in index order.
func (s *storm) pids() map[string][]int {
	out := make(map[string][]int)
	for name, g := range s.groups() {
		for _, w := range g.Workers {
			if w.State == api.StateReady {
				out[name] = append(out[name], w.PID)
			}
		}
	}
	return out
}

// A breakage makes a configuration that cannot be applied, and holds how that
// is reported.
type breakage struct {
	config  stormConfig
	text    string // replaces the configuration
	reasons []string
	late    bool // some workers are replaced before the failure is found
}

func (s *storm) breakage() breakage {
	c := s.next()
	switch s.rnd.IntN(5) {
	case 0:
		return breakage{text: "config = LdConfig(\n", reasons: []string{"ldconfig.star cannot be used", "error[L"}}
	case 1:
		c.BadApp = "imports:app"
		return breakage{config: c, reasons: []string{`group "bad": worker 0: exit code 1 before it was ready`, "the worker's last words:", "No module named 'nosuch'"}}
	case 2:
		c.BadApp = "exits:app"
		return breakage{config: c, reasons: []string{`group "bad": worker 0: exit code 3: startup failed`, "no, thank you"}}
	case 3:
		c.WebApp, c.Surge = "second:app", "1"
		return breakage{config: c, late: true, reasons: []string{`group "web": worker 1: exit code 3: startup failed`,
			"rolled back the workers already replaced"}}
	}
	c.BadApp, c.Startup = "hangs:app", "4s"
	return breakage{config: c, reasons: []string{"not ready within 4s (startup_timeout)"}}
}

// fail makes a reload fail, and checks that everything stays as it was.
func (s *storm) fail() {
	b := s.breakage()
	if s.configure(b.config); b.text != "" {
		replace(s.ts, "ldconfig.star", []byte(b.text))
	}
	st, _, err := s.client.Status(context.Background())
	s.ts.Check(err)
	before := s.pids()
	cmd := exec.Command("ldcorn", "reload", "--control", s.socket)
	cmd.Dir, cmd.Env = s.ts.MkAbs("."), environ(s.ts)
	said, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		s.ts.Fatalf("ldcorn reload: exit code %d (%v), want 1:\n%s", code, err, said)
	}
	now, _, err := s.client.Status(context.Background())
	s.ts.Check(err)
	for _, reason := range b.reasons {
		if !strings.Contains(string(said), reason) {
			s.ts.Fatalf("%q is not in what ldcorn reload said:\n%s", reason, said)
		}
	}
	switch after := s.pids(); {
	case b.late:
		if !maps.EqualFunc(before, after, func(a, b []int) bool { return len(a) == len(b) }) {
			s.ts.Fatalf("workers were %v and are %v after a reload that was undone", before, after)
		}
	case !maps.EqualFunc(before, after, slices.Equal):
		s.ts.Fatalf("workers were %v and are %v after a reload that failed", before, after)
	case now.Generation != st.Generation || now.Fingerprint != st.Fingerprint:
		s.ts.Fatalf("the plan in effect has changed by a reload that failed")
	case now.LastReload == nil || now.LastReload.Error == "":
		s.ts.Fatalf("the status does not tell that the reload failed")
	}
	metrics := scrape(s.ts, s.srv)
	if !strings.Contains(metrics, "\nldcorn_config_last_reload_successful 0\n") {
		s.ts.Fatalf("the metrics do not tell that the reload failed")
	}
	var left []json.RawMessage
	for _, g := range now.Groups {
		for _, w := range g.Workers {
			if w.State == api.StateStarting {
				raw, err := json.Marshal(w)
				s.ts.Check(err)
				left = append(left, raw)
			}
		}
	}
	if len(left) > 0 {
		s.ts.Fatalf("workers that were given up are still there: %s", left)
	}
}
