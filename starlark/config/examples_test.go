package config_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	routing "github.com/ldcorn/ldcorn/engine/route"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// example evaluates examples/NAME/ldconfig.star, which must have no
// diagnostics.
func example(t *testing.T, path string, env map[string]string) *plan.Plan {
	t.Helper()
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	res, err := config.Evaluate(t.Context(), path, config.Options{LookupEnv: lookup})
	require.NoError(t, err)
	require.NotNil(t, res.Plan, "%v", res.Report)
	assert.Empty(t, res.Report.Diagnostics, path)
	return res.Plan
}

func TestExamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "ldconfig.star"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		example(t, path, nil)
	}
}

// TestExampleRoutes checks the routing that each example describes.
func TestExampleRoutes(t *testing.T) {
	for _, c := range []struct {
		example string
		env     map[string]string
		line    string
		headers []string // names and values
		want    string
	}{
		{"tenants", nil, "/", nil, "shared"},
		{"tenants", nil, "/", []string{"X-Tenant", "acme"}, "acme"},
		{"tenants", nil, "/", []string{"X-Tenant", "globex"}, "globex"},
		{"tenants", nil, "/", []string{"X-Tenant", "small"}, "shared"},
		{"tenants", nil, "http://shop.acme.example.com/", nil, "acme"},
		{"canary", nil, "/", nil, "stable"},
		{"canary", nil, "/", []string{"Cookie", "canary=on"}, "canary"},
		{"canary", nil, "/", []string{"Cookie", "uid=42"}, "stable"},
		{"canary", map[string]string{"CANARY_PERCENT": "100"}, "/", []string{"Cookie", "uid=42"}, "canary"},
		{"canary", map[string]string{"CANARY_PERCENT": "100"}, "/", []string{"Cookie", "uid=42; canary=off"}, "stable"},
		{"websockets", nil, "ws://a/chat", nil, "sockets"},
		{"websockets", nil, "/chat", nil, "web"},
		{"websockets", nil, "ws://a/other", nil, "web"},
		{"gpu", nil, "POST /predict/x", nil, "gpu"},
		{"gpu", nil, "POST /embed", nil, "gpu"},
		{"gpu", nil, "GET /predict", nil, "web"},
	} {
		p := example(t, filepath.Join("..", "..", "examples", c.example, "ldconfig.star"), c.env)
		opts := request.SampleOptions{}
		for i := 0; i < len(c.headers); i += 2 {
			opts.Headers = append(opts.Headers, request.Header{Name: c.headers[i], Value: c.headers[i+1]})
		}
		r, err := request.NewSample(c.line, opts)
		require.NoError(t, err)
		got, _ := routing.Compile(p, func(name string) string { return name }).Match(r)
		assert.Equal(t, c.want, got, "%s: %s %v", c.example, c.line, c.headers)
	}
}
