package plan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func changed(t testing.TB, change func(*plan.Group)) (before, after *plan.Group) {
	t.Helper()
	before, after = group(t, "a", "*"), group(t, "a", "*")
	change(after)
	return before, after
}

func TestDiffGroup(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*plan.Group)
		opts    plan.DiffOptions
		action  plan.Action
		reason  string
		changes []string
		pinned  []string
	}{
		{"code may have changed", func(*plan.Group) {}, plan.DiffOptions{}, plan.Replace, "the code may have changed", nil, nil},
		{"app", func(p *plan.Group) { p.App = "b:app" }, plan.DiffOptions{}, plan.Replace, "app changed", []string{`app "main:app" -> "b:app"`}, nil},
		{"kept", func(p *plan.Group) { p.ReloadOnSighup = false }, plan.DiffOptions{}, plan.Update, "settings changed", []string{"reload_on_sighup True -> False"}, nil},
		{"kept and resized", func(p *plan.Group) { p.ReloadOnSighup, p.Instances = false, 3 }, plan.DiffOptions{}, plan.Resize, "instances 1 -> 3",
			[]string{"instances 1 -> 3", "reload_on_sighup True -> False"}, nil},
		{"pinned", func(p *plan.Group) { p.ReloadOnSighup, p.App = false, "b:app" }, plan.DiffOptions{}, plan.Update, "settings changed",
			[]string{"reload_on_sighup True -> False"}, []string{`app "main:app" -> "b:app"`}},
		{"requested", func(p *plan.Group) { p.ReloadOnSighup = false }, plan.DiffOptions{Replace: map[string]bool{"a": true}}, plan.Replace, "requested",
			[]string{"reload_on_sighup True -> False"}, nil},
		{"watched", func(*plan.Group) {}, plan.DiffOptions{Watched: true}, plan.Keep, "nothing has changed", nil, nil},
		{"watched settings", func(p *plan.Group) { p.MaxReqPerWorker = 5 }, plan.DiffOptions{Watched: true}, plan.Update, "settings changed",
			[]string{"max_req_per_worker 0 -> 5", `request_buffer 0 -> "16MiB"`, `response_buffer 0 -> "16MiB"`, `client_disconnect "cancel" -> "finish"`}, nil},
		{"watched process", func(p *plan.Group) { p.ReloadOnSighup, p.App = false, "b:app" }, plan.DiffOptions{Watched: true}, plan.Replace, "app changed",
			[]string{`app "main:app" -> "b:app"`, "reload_on_sighup True -> False"}, nil},
		{"watched code", func(p *plan.Group) { p.ReloadOnSighup = false }, plan.DiffOptions{Watched: true, Replace: map[string]bool{"a": true}}, plan.Replace, "the code changed",
			[]string{"reload_on_sighup True -> False"}, nil},
		{"all requested", func(p *plan.Group) { p.ReloadOnSighup = false }, plan.DiffOptions{ReplaceAll: true}, plan.Replace, "requested",
			[]string{"reload_on_sighup True -> False"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := changed(t, tt.change)
			out := plan.Diff(&plan.Plan{Groups: []*plan.Group{before}}, &plan.Plan{Groups: []*plan.Group{after}}, tt.opts)
			require.Len(t, out.Groups, 1)
			c := out.Groups[0]
			assert.Equal(t, tt.action, c.Action)
			assert.Equal(t, tt.reason, c.Reason)
			assert.Equal(t, tt.changes, lines(c.Changes))
			assert.Equal(t, tt.pinned, lines(c.Pinned))
		})
	}
}

func lines(changes []plan.AttributeChange) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

func TestDiffKeepsWhatIsEqual(t *testing.T) {
	before, after := group(t, "a", "*"), group(t, "a", "*")
	before.ReloadOnSighup, after.ReloadOnSighup = false, false
	after.Pos = plan.Pos{File: "g", Line: 7, Col: 1}
	after.Routes[0].Pos = plan.Pos{}
	out := plan.Diff(&plan.Plan{Groups: []*plan.Group{before}}, &plan.Plan{Groups: []*plan.Group{after}}, plan.DiffOptions{})
	assert.Equal(t, plan.Keep, out.Groups[0].Action)
	assert.Same(t, after, out.Groups[0].Effective())
}

func TestDiffAddsAndRemoves(t *testing.T) {
	a, b, c := group(t, "a", "*"), group(t, "b", "/b"), group(t, "c", "/c")
	out := plan.Diff(&plan.Plan{Groups: []*plan.Group{a, b}}, &plan.Plan{Groups: []*plan.Group{c, a}}, plan.DiffOptions{})
	require.Len(t, out.Groups, 3)
	assert.Equal(t, []plan.Action{plan.Add, plan.Replace, plan.Remove},
		[]plan.Action{out.Groups[0].Action, out.Groups[1].Action, out.Groups[2].Action})
	assert.Nil(t, out.Groups[0].Old)
	assert.Nil(t, out.Groups[2].Effective())

	out = plan.Diff(nil, &plan.Plan{Groups: []*plan.Group{a}, IdleTimeout: time.Second}, plan.DiffOptions{})
	assert.Equal(t, plan.Add, out.Groups[0].Action)
	assert.Empty(t, out.Plan)
	assert.Empty(t, out.Restart)
}

func TestDiffPlanAttributes(t *testing.T) {
	before := &plan.Plan{IdleTimeout: time.Second, Path: "/a"}
	after := &plan.Plan{IdleTimeout: 1500 * time.Millisecond, Path: "/b", Fingerprint: "x"}
	out := plan.Diff(before, after, plan.DiffOptions{})
	assert.Equal(t, []string{`idle_timeout 1 -> "1.5s"`}, lines(out.Plan))
	assert.Empty(t, out.Restart)
	before, after = &plan.Plan{Admin: plan.Bind{Network: "unix", Address: "/a"}, ControlSocket: "/b"}, &plan.Plan{}
	out = plan.Diff(before, after, plan.DiffOptions{})
	assert.Equal(t, []string{`admin "unix:/a" -> None`}, lines(out.Plan))
	assert.Equal(t, []string{`control_socket "/b" -> None`}, lines(out.Restart))
}

func TestEffectiveKeepsPinnedProcess(t *testing.T) {
	before, after := changed(t, func(p *plan.Group) {
		p.ReloadOnSighup = false
		p.App, p.LogLevel, p.Cwd, p.Python = "b:app", "debug", "/x", "python4"
		p.Env = []plan.EnvVar{{Name: "A", Value: plan.Secret("new")}}
		p.UvicornArgs = []string{"--loop", "asyncio"}
		p.User, p.UnixGroup, p.Umask, p.Nice = "www", "www", plan.Umask{Bits: 0o27, Set: true}, new(int)
		p.Rlimits, p.CPUAffinity = []plan.Rlimit{{Name: "core"}}, []plan.CPUSet{"0"}
		p.MemoryHigh, p.MemoryMax = 1<<29, 1<<30
		p.Instances, p.MaxReqPerWorker = 3, 5
	})
	out := plan.Diff(&plan.Plan{Groups: []*plan.Group{before}}, &plan.Plan{Groups: []*plan.Group{after}}, plan.DiffOptions{})
	c := out.Groups[0]
	assert.Len(t, c.Pinned, 14)
	got := c.Effective()
	assert.Equal(t, 3, got.Instances)
	assert.Equal(t, 5, got.MaxReqPerWorker)
	for _, a := range plan.GroupAttributes {
		if a.Effect == plan.EffectProcess {
			assert.True(t, a.Same(before, got), "%s is pinned", a.Name)
			assert.False(t, a.Same(before, after), "the test changes %s", a.Name)
		}
	}
}

func TestShowHidesSecrets(t *testing.T) {
	p := group(t, "a", "*")
	p.Env = []plan.EnvVar{{Name: "A", Value: plan.Secret("hunter2")}, {Name: "B", Value: plan.Plain("b")}}
	for _, a := range plan.GroupAttributes {
		shown := a.Show(p)
		assert.NotContains(t, shown, "hunter2")
		if a.Name == "env" {
			assert.Equal(t, `[A=(secret), B="b"]`, shown)
		}
	}
}
