package builtin

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestHeaderEdits(t *testing.T) {
	globals, found := evaluate(t, `
shared = [set_header("X-A", "1"), remove_header("Server")]
g = WorkerGroup("a", "m:a", request_headers = [add_header(name = "X-B", value = env("B", "2"))],
    response_headers = shared)
c = LdConfig(workers = [g], request_headers = (set_header("Authorization", "Bearer " + secret("KEY", "hunter2")),),
    response_headers = shared + [add_header("Set-Cookie", "a=b")])`, nil)
	require.Empty(t, found)
	group, cfg := globals["g"].(*Group).Spec, globals["c"].(*Config).Plan
	shown := func(edits []plan.HeaderEdit) string { return fmt.Sprint(edits) }
	assert.Equal(t, `[add_header("X-B", "2")]`, shown(group.RequestHeaders))
	assert.Equal(t, `[set_header("X-A", "1") remove_header("Server")]`, shown(group.ResponseHeaders))
	assert.Equal(t, `[set_header("Authorization", (secret))]`, shown(cfg.RequestHeaders))
	assert.Equal(t, "Bearer hunter2", cfg.RequestHeaders[0].Value.Reveal())
	assert.Equal(t, `[set_header("X-A", "1") remove_header("Server") add_header("Set-Cookie", "a=b")]`, shown(cfg.ResponseHeaders))
}

// TestHeaderEditOfUnsetVariable checks that one mistake is reported once.
func TestHeaderEditOfUnsetVariable(t *testing.T) {
	_, found := evaluate(t, `g = WorkerGroup("a", "m:a", request_headers = [set_header("X-A", env("NO"))])`, nil)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Error(), "NO is not set")
}
