package top

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// aReader notes how many requests the model asks for.
type aReader struct{ requests int32 }

func (r *aReader) want(n int32) { r.requests = n }
func (*aReader) look()          {}

// aDoer notes what the model asks it to do.
type aDoer struct {
	did  []string
	err  error
	sent []tea.Msg
}

func (d *aDoer) note(format string, args ...any) error {
	d.did = append(d.did, fmt.Sprintf(format, args...))
	return d.err
}

func (d *aDoer) Plan(context.Context, api.PlanRequest) (*api.Plan, error) {
	return &api.Plan{Config: "/srv/ldconfig.star", Inputs: []api.PlanInput{{}}}, d.note("plan")
}

func (d *aDoer) Reload(_ context.Context, want api.ReloadRequest, tell func(api.ReloadStep) error) error {
	_ = d.note("reload, plan %t", want.Plan != nil)
	for _, e := range []api.ReloadStep{{Kind: api.StepBegun}, {Kind: api.StepStarted, Group: "web", Workers: 2}, {Kind: api.StepApplied, Generation: 18, Report: &api.Plan{}}, {Kind: api.StepFinished}} {
		if err := tell(e); err != nil {
			return err
		}
	}
	return d.err
}

func (d *aDoer) Scale(_ context.Context, group string, n int) error {
	return d.note("scale %s %d", group, n)
}
func (d *aDoer) Restart(_ context.Context, group string) error { return d.note("restart %s", group) }
func (d *aDoer) RestartWorker(_ context.Context, group string, worker int) error {
	return d.note("restart %s.%d", group, worker)
}
func (d *aDoer) Hold(_ context.Context, group string) error    { return d.note("hold %s", group) }
func (d *aDoer) Release(_ context.Context, group string) error { return d.note("release %s", group) }
func (d *aDoer) send(m tea.Msg)                                { d.sent = append(d.sent, m) }

// aModel is a model that shows aData at a terminal without colors.
func aModel() (*model, *aDoer) {
	d := new(aDoer)
	opts := Options{Interval: time.Second, Words: Words{
		Plan: func(p *api.Plan, l terminal.Look) string {
			return fmt.Sprintf("plan of %s for %d columns\n%s", p.Config, l.Width, strings.Repeat("  = web  2 workers kept\n", 30))
		},
		Step:   func(e api.ReloadStep) string { return "step " + string(e.Kind) },
		Failed: func(e api.ReloadStep) string { return "reload failed: " + e.Error },
		Event:  func(e *api.Event) string { return e.Reason },
		Kind:   func(k api.EventKind) string { return string(k) },
		Stage:  func(r *api.Request) string { return string(r.Stage) },
		Worker: func(r *api.Request) string { return r.Group + ".0" },
	}}
	m := newModel(context.Background(), opts, nil)
	m.reader, m.doer, m.zone = new(aReader), d, time.UTC
	m.Update(dataMsg{aData()})
	return m, d
}

// aData has groups and workers of several kinds.
func aData() *Data {
	now, zero := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0
	st := &api.Status{Version: "1.2.3", Now: now, LastReload: &api.Reload{At: now.Add(-time.Hour)}}
	st.PID, st.Started, st.Generation, st.Config, st.RSS = 4121, now.Add(-76*time.Hour), 17, "/srv/ldconfig.star", 30<<20
	slow := api.Request{ID: "a", Method: "GET", Path: "/slow/日本", Client: "192.0.2.7", Group: "web", Worker: &zero, Stage: api.StageWorking, Age: 12.3, Held: 12}
	st.Groups = []api.GroupStatus{
		{Name: "web", Instances: 2, Ready: 2, Requests: 3, Workers: []api.WorkerStatus{
			{Index: 0, PID: 4130, State: api.StateReady, Since: now.Add(-61 * time.Minute), Requests: 2, Websockets: 1, RSS: 64 << 20, Oldest: &slow},
			{Index: 1, PID: 4131, State: api.StateReady, Since: now.Add(-61 * time.Minute), Requests: 1, RSS: 70 << 20, Restarts: 1},
		}},
		{Name: "heavy", Instances: 2, Ready: 1, Queued: 7, Queue: api.Queue{Overloaded: true, Oldest: 75}, Requests: 1, Held: true, Workers: []api.WorkerStatus{
			{Index: 0, PID: 4140, State: api.StateReady, Since: now.Add(-30 * time.Second), Requests: 1, RSS: 2500 << 20},
			{Index: 1, State: api.StateFailed, Restarts: 5, LastExit: "exit code 1"},
		}},
	}
	d := &Data{Status: st, Requests: &api.Requests{Total: 4, TotalWebsockets: 1, Requests: []api.Request{slow,
		{ID: "b", Method: "POST", Path: "/heavy", Client: "192.0.2.8", Group: "heavy", Stage: api.StageQueued, Age: 75, Queued: 75}}}}
	d.Events = []api.ControlEvent{{Event: api.Event{Number: 1, At: now.Add(-time.Minute), Kind: api.EventReady, Group: "web", Worker: &zero}},
		{Event: api.Event{Number: 2, At: now, Kind: api.EventCrashed, Group: "heavy", Worker: &zero, Reason: "exit code 1"}}}
	d.Past = Past{}.with(aHistory())
	return d
}

// aHistory has 40 seconds.
func aHistory() *api.History {
	series := func(f func(i int) float32) api.Series {
		s := make(api.Series, 40)
		for i := range s {
			s[i] = f(i)
		}
		return s
	}
	flat := func(v float32) api.Series { return series(func(int) float32 { return v }) }
	wave := series(func(i int) float32 { return float32(i%10) * 12 })
	return &api.History{Step: 1, Points: 40, Last: 40, Groups: []api.GroupHistory{
		{Name: "heavy", Requests: flat(0.5), Class5xx: flat(0.25), P50: flat(1.5), P95: flat(2), P99: flat(12), Queued: flat(7), CPU: flat(0.97), RSS: flat(2500 << 20)},
		{Name: "web", Requests: wave, Class5xx: flat(0), P50: flat(0.0021), P95: flat(0.015), P99: flat(0.3), Queued: flat(0), CPU: flat(0.2), RSS: flat(134 << 20),
			Workers: []api.WorkerHistory{{Index: 0, Requests: wave, CPU: flat(0.1)}, {Index: 1, Requests: flat(1), CPU: flat(nan)}}},
	}}
}

// text returns the screen without control sequences, and checks its size.
func text(t *testing.T, m *model) string {
	t.Helper()
	lines := strings.Split(ansi.Strip(m.View().Content), "\n")
	assert.Len(t, lines, m.height)
	for i, line := range lines {
		assert.LessOrEqual(t, ansi.StringWidth(line), m.width, line)
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// press types keys, and does what follows from them.
func press(m *model, keys ...string) {
	for _, k := range keys {
		key := tea.KeyPressMsg{}
		switch k {
		case "enter":
			key.Code = tea.KeyEnter
		case "esc":
			key.Code = tea.KeyEscape
		case "down":
			key.Code = tea.KeyDown
		case "tab":
			key.Code = tea.KeyTab
		case "backspace":
			key.Code = tea.KeyBackspace
		default:
			key.Text, key.Code = k, []rune(k)[0]
		}
		_, cmd := m.Update(key)
		if cmd != nil {
			msg := cmd()
			for _, sent := range m.doer.(*aDoer).sent {
				m.Update(sent)
			}
			m.Update(msg)
		}
	}
}

// TestScreens compares what is shown with the files in testdata. UPDATE_SCREENS=1
// writes them.
func TestScreens(t *testing.T) {
	for name, keys := range map[string][]string{
		"groups": nil, "workers": {"2"}, "requests": {"3"}, "events": {"4"}, "help": {"?"}, "plan": {"P"}, "reload": {"R", "y"},
		"question": {"down", "T"}, "filtered": {"2", "/", "h", "e", "a"}, "sorted": {"s", "s", "s"},
	} {
		for _, size := range [][2]int{{80, 24}, {40, 10}} {
			m, _ := aModel()
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			press(m, keys...)
			got := text(t, m)
			path := filepath.Join("testdata", fmt.Sprintf("%s_%dx%d.txt", name, size[0], size[1]))
			if os.Getenv("UPDATE_SCREENS") != "" {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got, "%s; UPDATE_SCREENS=1 writes it", path)
		}
	}
}

// TestSizes draws everything at every size up to an ordinary one, and at a large one.
func TestSizes(t *testing.T) {
	for _, keys := range [][]string{nil, {"2"}, {"3"}, {"4"}, {"?"}, {"P"}, {"R", "y"}, {"/", "x"}, {"R"}} {
		m, _ := aModel()
		press(m, keys...)
		for width := 1; width <= 84; width += 3 {
			for height := 1; height <= 26; height++ {
				m.Update(tea.WindowSizeMsg{Width: width, Height: height})
				text(t, m)
				m.move(1)
			}
		}
		m.Update(tea.WindowSizeMsg{Width: 400, Height: 120})
		text(t, m)
	}
	m, _ := aModel()
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	assert.Contains(t, text(t, m), "\nweb: the last 40 seconds\n")
	assert.Contains(t, text(t, m), "highest 300ms")

	empty := newModel(context.Background(), m.opts, nil)
	empty.reader, empty.doer = new(aReader), new(aDoer)
	assert.Contains(t, text(t, empty), "waiting for the master")
	empty.Update(lostMsg{errors.New("nothing listens there")})
	assert.Contains(t, text(t, empty), "lost the master, and looking for it: nothing listens there")
	empty.Update(dataMsg{&Data{Status: &api.Status{}, Requests: &api.Requests{}}})
	assert.Contains(t, text(t, empty), "no group is ready yet")
	press(empty, "enter", "down", "G", "T", "3", "4", "s")
}

func TestColors(t *testing.T) {
	for _, color := range []bool{false, true} {
		m, _ := aModel()
		m.opts.Look.Color = color
		for _, dark := range []bool{false, true} {
			m.drawing = drawing{look: m.opts.Look, styles: newStyles(color, dark)}
			got := m.View().Content
			assert.Equal(t, color, strings.Contains(got, "\x1b[3") || strings.Contains(got, ";3"), "%q", got)
			assert.Contains(t, got, "\x1b[7m", "the chosen row is inverse in any case")
		}
	}
	m, _ := aModel()
	m.drawing.look.ASCII = true
	for _, r := range ansi.Strip(m.View().Content) {
		assert.Less(t, r, rune(128))
	}
}

func TestSpark(t *testing.T) {
	assert.Equal(t, "  ▁▂▅█ ", spark(api.Series{0, 0.1, 2, 4, nan}, 7, false))
	assert.Equal(t, "#_", spark(api.Series{9, 1, 0}, 2, true))
	assert.Equal(t, "▁▁", spark(api.Series{0, 0}, 2, false))
	assert.Empty(t, spark(api.Series{1}, 0, false))
}

// TestScreen_Incidents: each incident has a line before any has details.
func TestScreen_Incidents(t *testing.T) {
	m, _ := aModel()
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	long := strings.Repeat("because of what it does ", 6)
	m.data.Status.Incidents = nil
	for i := range 5 {
		m.data.Status.Incidents = append(m.data.Status.Incidents, api.Incident{Group: fmt.Sprintf("g%d", i), Title: "queue", Cause: long, Advice: "wait"})
	}
	lines := m.incidents()
	require.LessOrEqual(t, len(lines), 8)
	text := ansi.Strip(strings.Join(lines, "\n"))
	for i := range 5 {
		assert.Contains(t, text, fmt.Sprintf("!  g%d: queue", i))
	}
	assert.Contains(t, text, "   do: wait", "the first one has its details")

	m.data.Status.Incidents = append(m.data.Status.Incidents, m.data.Status.Incidents...)
	lines = m.incidents()
	assert.Len(t, lines, 8)
	assert.Equal(t, "!  and 3 more: ldcorn status shows them", ansi.Strip(lines[7]))
	for _, line := range lines {
		assert.LessOrEqual(t, ansi.StringWidth(line), 80)
	}
}

// TestKeys_Restart: t restarts the worker of the chosen row, and T its group.
func TestKeys_Restart(t *testing.T) {
	m, d := aModel()
	press(m, "2", "down", "t", "y", "t", "n", "T", "y")
	assert.Equal(t, []string{"restart web.1", "restart web"}, d.did)
	press(m, "3", "g", "t")
	assert.Contains(t, text(t, m), "Replace the worker web.0?", "the one that has the request")
	press(m, "y")
	press(m, "G", "t")
	assert.Contains(t, text(t, m), "choose a row that belongs to a worker first", "the request waits")
	press(m, "1", "t")
	assert.Contains(t, text(t, m), "choose a row that belongs to a worker first")
	press(m, "4", "g", "t", "y")
	assert.Equal(t, []string{"restart web.1", "restart web", "restart web.0", "restart heavy.0"}, d.did)
}

// TestBlocked: a group and a worker show for how long an event loop has not answered.
func TestBlocked(t *testing.T) {
	m, _ := aModel()
	st, one := m.data.Status, 1
	m.Update(tea.WindowSizeMsg{Width: 100, Height: 24})
	assert.NotContains(t, text(t, m), "42.0s")
	st.Incidents = []api.Incident{
		{Kind: api.IncidentBlocked, Group: "web", Worker: &one, PID: 4131, Since: st.Now.Add(-42 * time.Second)},
		{Kind: api.IncidentQueue, Group: "heavy", Since: st.Now.Add(-time.Hour)},
	}
	assert.Regexp(t, `(?m)^web +2/2 .* 42\.0s `, text(t, m))
	assert.Regexp(t, `(?m)^heavy.* 1m15s `, text(t, m), "the queue of another")
	press(m, "2")
	assert.Regexp(t, `(?m)^web\.0 +4130 ready +1h1m `, text(t, m))
	assert.Regexp(t, `(?m)^web\.1 +4131 blocked +42s `, text(t, m))
	st.Incidents[0].PID = 1 // another process had the place then
	assert.NotContains(t, text(t, m), "blocked  ")
}
