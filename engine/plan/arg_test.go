package plan

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestDiff_Args(t *testing.T) {
	with := func(args ...api.Arg) *Plan { return &Plan{Args: args} }
	workers := func(n int) api.Arg { return api.Arg{Name: "workers", Type: api.ArgInt, Default: 2, Value: n} }
	hosts := func(v ...string) api.Arg {
		return api.Arg{Name: "hosts", Type: api.ArgList, Default: []string{}, Value: v}
	}
	old, next := with(workers(2), hosts("a")), with(hosts("a", "b"), workers(4), api.Arg{Name: "new", Type: api.ArgStr, Value: ""})
	want := []ArgChange{{"hosts", `["a"]`, `["a", "b"]`}, {"workers", "2", "4"}}
	assert.Equal(t, want, Diff(old, next, DiffOptions{}).Args)
	assert.Empty(t, Diff(next, next, DiffOptions{}).Args)
	assert.Empty(t, Diff(nil, next, DiffOptions{}).Args)

	// a plan from a file knows them, too
	text, err := json.Marshal(old.Record([]byte("0123456789abcdef")))
	require.NoError(t, err)
	record := new(api.Record)
	require.NoError(t, json.Unmarshal(text, record))
	from, err := FromRecord(record)
	require.NoError(t, err)
	assert.Equal(t, want, Diff(from, next, DiffOptions{}).Args)
}

// TestAttributeChange_Secret: a change that only a secret makes says so.
func TestAttributeChange_Secret(t *testing.T) {
	assert.Equal(t, "env [A=(secret)], with another secret", AttributeChange{Name: "env", Before: "[A=(secret)]", After: "[A=(secret)]"}.String())
	assert.Equal(t, "instances 1 -> 2", AttributeChange{Name: "instances", Before: "1", After: "2"}.String())
}
