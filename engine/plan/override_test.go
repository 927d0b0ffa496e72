package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestBufferSizes(t *testing.T) {
	for _, c := range []struct {
		setting plan.BufferSize
		cap     int
		want    int64
		shown   string
	}{
		{plan.BufferSize{}, 0, 0, "None"},
		{plan.BufferSize{}, 3, 16 << 20, "None"},
		{plan.BufferSize{Set: true}, 3, 0, "0"},
		{plan.BufferSize{Bytes: 1 << 20, Set: true}, 0, 1 << 20, `"1MiB"`},
	} {
		g := &plan.Group{MaxReqPerWorker: c.cap, RequestBuffer: c.setting}
		assert.Equal(t, c.want, g.RequestBufferSize(), "%v, cap %d", c.setting, c.cap)
		g = &plan.Group{MaxReqPerWorker: c.cap, ResponseBuffer: c.setting}
		assert.Equal(t, c.want, g.ResponseBufferSize(), "%v, cap %d", c.setting, c.cap)
		assert.Equal(t, c.shown, c.setting.String())
	}
}

func TestOverride(t *testing.T) {
	g := &plan.Group{MaxReqPerWorker: 1, Priority: 3}
	buffer, priority := int64(0), -5
	for _, c := range []struct {
		override *plan.Override
		buffer   int64
		priority int
		settings []string
	}{
		{nil, 16 << 20, 3, nil},
		{&plan.Override{}, 16 << 20, 3, nil},
		{&plan.Override{RequestBuffer: &buffer}, 0, 3, []string{"request_buffer=0"}},
		{&plan.Override{RequestBuffer: &buffer, Priority: &priority}, 0, -5, []string{"request_buffer=0", "priority=-5"}},
	} {
		assert.Equal(t, c.buffer, c.override.RequestBufferSize(g))
		assert.Equal(t, c.priority, c.override.PriorityIn(g))
		assert.Equal(t, c.settings, c.override.Settings())
	}
}

// TestRuleIsARoute: only the settings of a route change when it becomes a rule.
func TestRuleIsARoute(t *testing.T) {
	priority := 7
	r, err := plan.NewRoute("/x", plan.Pos{})
	require.NoError(t, err)
	assert.Equal(t, `"/x"`, r.Written())
	r.Override = &plan.Override{Priority: &priority}
	assert.Equal(t, `rule("/x", priority=7)`, r.Written())
	assert.Equal(t, `"/x"`, r.String())
	assert.Equal(t, "/x", r.Text())
	assert.NotNil(t, r.Pattern())
	m := plan.Route{Matcher: match.Method("PUT"), Override: r.Override}
	assert.Equal(t, `rule(method("PUT"), priority=7)`, m.Written())

	before, after := group(t, "a", "/x"), group(t, "a", "/x")
	before.ReloadOnSighup, after.ReloadOnSighup = false, false
	after.Routes[0].Override = r.Override
	out := plan.Diff(&plan.Plan{Groups: []*plan.Group{before}}, &plan.Plan{Groups: []*plan.Group{after}}, plan.DiffOptions{})
	assert.Equal(t, []string{`routes ["/x"] -> [rule("/x", priority=7)]`}, lines(out.Groups[0].Changes))
	assert.Equal(t, plan.EffectProxy, out.Groups[0].Changes[0].Effect)
}

// TestOverrideAttributes: each setting has the default None and takes part in
// comparisons.
func TestOverrideAttributes(t *testing.T) {
	for _, a := range plan.OverrideAttributes {
		assert.Equal(t, "None", a.Default, a.Name)
		assert.Equal(t, "None", a.Show(&plan.Override{}), a.Name)
		assert.True(t, a.Same(&plan.Override{}, &plan.Override{}), a.Name)
		assert.True(t, a.Keyword, a.Name)
	}
}
