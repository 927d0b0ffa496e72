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
		`by_header("X-User")`:        {By: match.KeyHeader, Name: "x-user", Shown: "X-User"},
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

// TestNotAKey checks the word that the label suggests.
func TestNotAKey(t *testing.T) {
	for expr, want := range map[string]string{
		`fair = "X-API-Key"`:                        `write by_header("X-API-Key")`,
		`fair = "Authorization"`:                    `write by_header("Authorization")`,
		`fair = "session"`:                          `write by_cookie("session")`,
		`rate_limit = rate("1/s", by = "X-Tenant")`: `write by_header("X-Tenant")`,
		`queue = "lifo"`:                            `"adaptive" serves the newest first`,
		`sticky = by_session("Mcp-Session-Id")`:     `write header="Mcp-Session-Id"`,
		`rate_limit = limit("gpu", 4)`:              "rate(",
		`limits = {"gpu": 1}`:                       `write [limit("gpu", 1)]`,
		`rules = ["/a"]`:                            "`routes`",
	} {
		_, found := evaluate(t, `g = WorkerGroup("a", "m:a", `+expr+`)`, nil)
		require.NotEmpty(t, found, expr)
		assert.Contains(t, found[0].Label, want, expr)
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
