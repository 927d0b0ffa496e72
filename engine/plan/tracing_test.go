package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseCollector(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:4318":             "http://127.0.0.1:4318/v1/traces",
		"https://otel.example.com/":         "https://otel.example.com/v1/traces",
		"https://otel.example.com/x/":       "https://otel.example.com/x/v1/traces",
		"http://[::1]:4318/v1/traces":       "http://[::1]:4318/v1/traces",
		"http://collector:4318/a/v1/traces": "http://collector:4318/a/v1/traces",
	} {
		got, err := ParseCollector(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for text, want := range map[string]string{
		"127.0.0.1:4318":        "is not the URL",
		"localhost:4318":        "is not the URL",
		"http://":               "is not the URL",
		"http://:4318":          "is not the URL",
		"grpc://127.0.0.1:4317": `has the scheme "grpc"`,
		"http://127.0.0.1:4317": "has port 4317, on which collectors speak gRPC",
		"http://u:p@127.0.0.1":  "has a password in it",
		"http://127.0.0.1/?x=y": "has more than a path",
	} {
		_, err := ParseCollector(text)
		require.ErrorContains(t, err, want, text)
	}
}

// TestTracing_Attribute: a diff sees every change, also of a secret, and shows none.
func TestTracing_Attribute(t *testing.T) {
	with := func(change func(*Tracing)) *Plan {
		p := NewPlan()
		p.Tracing = &Tracing{Endpoint: "http://c/v1/traces", Sample: 0.5, Service: "s", Headers: []TraceHeader{{"X", Secret("one")}}}
		change(p.Tracing)
		return p
	}
	same := func(*Tracing) {}
	assert.Empty(t, Diff(with(same), with(same), DiffOptions{}).Plan)
	for _, change := range []func(*Tracing){
		func(t *Tracing) { t.Endpoint = "http://d/v1/traces" }, func(t *Tracing) { t.Sample = 1 }, func(t *Tracing) { t.Service = "t" },
		func(t *Tracing) { t.Headers = []TraceHeader{{"X", Secret("two")}} }, func(t *Tracing) { t.Headers = nil },
	} {
		got := Diff(with(same), with(change), DiffOptions{}).Plan
		require.Len(t, got, 1)
		assert.Equal(t, EffectProxy, got[0].Effect)
		assert.NotContains(t, got[0].String(), "two")
	}
	assert.Equal(t, `otlp("http://c/v1/traces", sample=0.5, headers={"X": (secret)}, service_name="s")`, with(same).Tracing.String())
	none := NewPlan()
	got := Diff(none, with(same), DiffOptions{}).Plan
	require.Len(t, got, 1)
	assert.Equal(t, "None", got[0].Before)
}
