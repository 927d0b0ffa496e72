package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestAffinities(t *testing.T) {
	const key = "0123456789abcdef"
	for expr, want := range map[string]plan.Sticky{
		`by_issued("ldcorn")`:                       {Issued: plan.Issued{Name: "ldcorn", SameSite: plan.SameSiteLax}},
		`by_issued("L", same_site = "none")`:        {Issued: plan.Issued{Name: "L", SameSite: plan.SameSiteNone}},
		`by_issued("l", key = secret("K"))`:         {Issued: plan.Issued{Name: "l", SameSite: plan.SameSiteLax, Key: plan.Secret(key)}},
		`by_issued("l", key = None)`:                {Issued: plan.Issued{Name: "l", SameSite: plan.SameSiteLax}},
		`by_session(header = "Mcp-Session-Id")`:     {Session: plan.Session{In: plan.SessionHeader, Name: "mcp-session-id", Shown: "Mcp-Session-Id"}},
		`by_session(cookie = "IO")`:                 {Session: plan.Session{In: plan.SessionCookie, Name: "IO"}},
		`by_session(query="sid",learn="engine.io")`: {Session: plan.Session{In: plan.SessionQuery, Name: "sid", Learn: plan.LearnEngineIO}},
	} {
		globals, found := evaluate(t, `g = WorkerGroup("a", "m:a", sticky = `+expr+`)`, map[string]string{"K": key})
		require.Empty(t, found, expr)
		assert.Equal(t, want, globals["g"].(*Group).Spec.Sticky, expr)
	}
}

// TestAffinityHidesItsKey checks what print and str show.
func TestAffinityHidesItsKey(t *testing.T) {
	globals, found := evaluate(t, `s = str(by_issued("ldcorn", key = secret("K")))`, map[string]string{"K": "0123456789abcdef"})
	require.Empty(t, found)
	assert.Equal(t, `"by_issued(\"ldcorn\", key=(secret))"`, globals["s"].String())
}
