package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestKeys(t *testing.T) {
	for expr, want := range map[string]match.Key{
		`by_cookie("Sid")`:           {By: match.KeyCookie, Name: "Sid"},
		`by_header("X-User")`:        {By: match.KeyHeader, Name: "x-user"},
		`by_header(name = "x-user")`: {By: match.KeyHeader, Name: "x-user"},
		`by_client_ip()`:             {By: match.KeyClientIP},
		`None`:                       {},
		`by_cookie(env("NO", "s"))`:  {By: match.KeyCookie, Name: "s"},
	} {
		globals, found := evaluate(t, `g = WorkerGroup("a", "m:a", sticky = `+expr+`)`, nil)
		require.Empty(t, found, expr)
		assert.Equal(t, want, globals["g"].(*Group).Spec.Sticky.Key, expr)
	}
}

// TestKeyOfUnsetVariable checks that one mistake is reported once.
func TestKeyOfUnsetVariable(t *testing.T) {
	_, found := evaluate(t, `g = WorkerGroup("a", "m:a", sticky = by_cookie(env("NO")))`, nil)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Error(), "NO is not set")
}

func TestTrafficFields(t *testing.T) {
	globals, found := evaluate(t, `g = WorkerGroup("a", "m:a", queue_limit=7, queue_timeout="250ms", balance="round_robin",
    request_timeout=1.5, client_disconnect="finish")`, nil)
	require.Empty(t, found)
	p := globals["g"].(*Group).Spec
	assert.Equal(t, 7, p.QueueLimit)
	assert.EqualValues(t, 250e6, p.QueueTimeout)
	assert.Equal(t, plan.BalanceRoundRobin, p.Balance)
	assert.EqualValues(t, 1500e6, p.RequestTimeout)
	assert.Equal(t, plan.DisconnectFinish, p.ClientDisconnect)
}
