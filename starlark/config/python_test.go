package config_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// TestPython_Rewritten checks that a file that is rewritten in memory keeps the
// positions of its Python.
func TestPython_Rewritten(t *testing.T) {
	const text = `import os
from ldcorn.config import LdConfig, WorkerGroup as Group

PORT = int(os.getenv("PORT", 8000))
def group(name, /, *args, **more):
    return Group(name=f"{name}", app="main:app", **more)

config = LdConfig(
    bind=f"127.0.0.1:{PORT}",  # behind nginx
    workers=[
        Group(name="web", app="main:app", instances=2),
        group("ml", routes=[f"/{p}" for p in ("ml", "train")]),
        group(f"{1}", %s),
    ],
)
`
	evaluate := func(more string) *config.Result {
		dir := write(t, map[string]string{"ldconfig.py": fmt.Sprintf(text, more)})
		res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py"})
		require.NoError(t, err)
		return res
	}
	res := evaluate("routes=['/x']")
	require.NotNil(t, res.Plan, "%v", res.Report)
	assert.Equal(t, &api.PythonUse{How: api.PythonRewritten, At: "ldconfig.py:5:17", Reason: "`/` among parameters is Python, not Starlark"}, res.Plan.Python)
	assert.Equal(t, "ldconfig.py:6:50", res.Plan.Groups[1].Routes[0].Pos.String())

	res = evaluate("instancess=2, routes=[]")
	var got []string
	for _, d := range res.Report.Diagnostics {
		got = append(got, d.Error())
	}
	assert.Equal(t, []string{
		"ldconfig.py:6:50: WorkerGroup has no argument `instancess`",
		"ldconfig.py:6:50: `routes` is empty, so the group would receive no requests",
	}, got)
}
