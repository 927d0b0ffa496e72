package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestDiff_Followers checks which defaults a diff shows as changed, because they
// follow the cap.
func TestDiff_Followers(t *testing.T) {
	limits := []plan.Limit{{Name: "gpu", Size: 4}}
	open := func(*plan.Group) {}
	capped := func(g *plan.Group) { g.MaxReqPerWorker = 2 }
	limited := func(g *plan.Group) { g.Limits = limits }
	written := func(g *plan.Group) {
		g.RequestBuffer, g.ClientDisconnect = plan.BufferSize{Bytes: 1024, Set: true}, plan.DisconnectFinish
	}
	const request, response = `request_buffer 0 -> "16MiB"`, `response_buffer 0 -> "16MiB"`
	for name, tt := range map[string]struct {
		old, next []func(*plan.Group)
		want      []string
	}{
		"a cap":                    {[]func(*plan.Group){open}, []func(*plan.Group){capped}, []string{request, response, `client_disconnect "cancel" -> "finish"`}},
		"no cap any more":          {[]func(*plan.Group){capped}, []func(*plan.Group){open}, []string{`request_buffer "16MiB" -> 0`, `response_buffer "16MiB" -> 0`, `client_disconnect "finish" -> "cancel"`}},
		"a limit":                  {[]func(*plan.Group){open}, []func(*plan.Group){limited}, []string{request, response, `client_disconnect "cancel" -> "finish"`}},
		"a limit beside a cap":     {[]func(*plan.Group){capped}, []func(*plan.Group){capped, limited}, nil},
		"a limit in place of one":  {[]func(*plan.Group){capped}, []func(*plan.Group){limited}, nil},
		"what is written":          {[]func(*plan.Group){written}, []func(*plan.Group){written, capped}, []string{response}},
		"what is written from now": {[]func(*plan.Group){open}, []func(*plan.Group){written, capped}, []string{response}},
		"no change":                {[]func(*plan.Group){capped}, []func(*plan.Group){capped}, nil},
	} {
		made := func(changes []func(*plan.Group)) *plan.Plan {
			g := plan.NewGroup()
			g.Name, g.App, g.ReloadOnSighup = "a", "main:app", false
			for _, change := range changes {
				change(g)
			}
			return &plan.Plan{Groups: []*plan.Group{g}}
		}
		old, next := made(tt.old), made(tt.next)
		recorded, err := plan.FromRecord(old.Record([]byte("0123456789abcdef")))
		require.NoError(t, err)
		for _, from := range []*plan.Plan{old, recorded} {
			var got []string
			for _, c := range plan.Diff(from, next, plan.DiffOptions{}).Groups[0].Changes {
				if c.Default {
					got = append(got, c.String())
				}
			}
			assert.Equal(t, tt.want, got, name)
		}
	}
}
