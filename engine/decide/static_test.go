package decide_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestStatics checks that statics are asked after the router and before the routes, the
// longest prefix first.
func TestStatics(t *testing.T) {
	p := aPlan(t)
	p.Statics = []plan.Static{
		{Prefix: "/", Dir: "/srv/public", Fallthrough: true, Pos: plan.Pos{File: "c.star", Line: 7, Col: 1}},
		{Prefix: "/api/files", Dir: "/srv/files", Pos: plan.Pos{File: "c.star", Line: 8, Col: 1}},
		{Prefix: "/api/files/more", Dir: "/srv/more", Fallthrough: true, Pos: plan.Pos{File: "c.star", Line: 9, Col: 1}},
	}
	root, files, more := &p.Statics[0], &p.Statics[1], &p.Statics[2]
	x := decide.NewExplainer(p)
	for line, want := range map[string]struct {
		first  *plan.Static
		group  string
		status int
		last   *plan.Static
	}{
		"/group":                     {nil, "ml", 0, nil},
		"/old":                       {nil, "", 308, nil},
		"/api/boom":                  {nil, "", 500, nil},
		"/api/x":                     {root, "api", 0, nil},
		"/none":                      {root, "", 404, nil},
		"POST /api/x":                {nil, "api", 0, nil},
		"wss://h/api/x":              {nil, "api", 0, nil},
		"HEAD /api/files":            {files, "", 0, files},
		"/api/files/":                {files, "", 0, files},
		"/api/filesx":                {root, "api", 0, nil},
		"/api/files/more/x":          {more, "", 0, files},
		"POST /api/files/x":          {files, "", 405, files},
		"POST /api/files/more/x":     {files, "", 405, files},
		"wss://h/api/files/x":        {files, "", 405, files},
		"OPTIONS *":                  {nil, "", 404, nil},
		"/api/files/../files/secret": {nil, "", 400, nil},
	} {
		if want.status == 400 {
			got, err := x.Answer(api.Question{Line: line})
			require.NoError(t, err)
			assert.Equal(t, 400, got.Status)
			continue
		}
		o, first := x.DecideBeyond(sample(t, line))
		assert.Same(t, want.first, first, line)
		assert.Equal(t, want.group, o.Group, line)
		assert.Equal(t, want.status, o.Status(), line)
		assert.Same(t, want.last, o.Static, line)
		if want.last != nil {
			_, steps := x.Explain(sample(t, line))
			assert.Empty(t, steps, line)
		}
	}
	got, err := x.Answer(api.Question{Line: "/api/files/more/x"})
	require.NoError(t, err)
	assert.Equal(t, []api.ExplainedStatic{
		{Prefix: "/api/files/more", At: "c.star:9:1", File: "/srv/more/x", Fallthrough: true},
		{Prefix: "/api/files", At: "c.star:8:1", File: "/srv/files/more/x"},
	}, got.Statics)
	got, err = x.Answer(api.Question{Line: "/api/files/more/.env"})
	require.NoError(t, err)
	hidden := "files and folders whose names begin with a dot are hidden"
	assert.Equal(t, []api.ExplainedStatic{
		{Prefix: "/api/files/more", At: "c.star:9:1", Unserved: hidden, Fallthrough: true},
		{Prefix: "/api/files", At: "c.star:8:1", Unserved: hidden},
	}, got.Statics)
	d := decide.New(p, func(name string) *plan.Group { return p.Group(name) })
	r := sample(t, "/api/files/x")
	assert.Zero(t, testing.AllocsPerRun(100, func() { d.Decide(r) }))
}
