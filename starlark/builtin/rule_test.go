package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestRule(t *testing.T) {
	globals, found := evaluate(t, `
r = rule("/x", request_buffer = "1MiB")
m = rule(method("PUT"), priority = -1)
text = "%s %s" % (r, m)
g = WorkerGroup("a", "m:a", routes = [r, m, rule("*", request_buffer = 0, priority = 100)])
h = WorkerGroup("b", "m:a", routes = (r,))
`, nil)
	require.Empty(t, found)
	assert.Equal(t, `"rule(\"/x\", request_buffer=\"1MiB\") rule(method(\"PUT\"), priority=-1)"`, globals["text"].String())
	routes := globals["g"].(*Group).Spec.Routes
	require.Len(t, routes, 3)
	assert.Equal(t, `"/x"`, routes[0].String())
	assert.Equal(t, int64(1<<20), *routes[0].Override.RequestBuffer)
	assert.Nil(t, routes[0].Override.Priority)
	assert.Equal(t, `method("PUT")`, routes[1].String())
	assert.Equal(t, -1, *routes[1].Override.Priority)
	assert.True(t, routes[2].IsDefault())
	assert.Equal(t, `rule("*", request_buffer=0, priority=100)`, routes[2].Written())
	assert.Equal(t, plan.Pos{File: "test.star", Line: 5, Col: 39}, routes[0].Pos, "where the list names it")
	assert.Equal(t, routes[0].Override, globals["h"].(*Group).Spec.Routes[0].Override)
}

// TestSettingsOfTo: to has the settings of rule, also for a request.
func TestSettingsOfTo(t *testing.T) {
	globals, found := evaluate(t, `
a = to("a")
b = to("a", priority = 3, request_buffer = 0)
c = to("a", priority = None)
text = str(b)
`, nil)
	require.Empty(t, found)
	assert.Nil(t, globals["a"].(*Decision).Decide().Override)
	assert.Nil(t, globals["c"].(*Decision).Decide().Override)
	o := globals["b"].(*Decision).Decide().Override
	assert.Equal(t, []string{"request_buffer=0", "priority=3"}, o.Settings())
	assert.Contains(t, globals["text"].String(), "request_buffer=0, priority=3)")
	assert.LessOrEqual(t, len(toFields), maxLateArguments)
}
