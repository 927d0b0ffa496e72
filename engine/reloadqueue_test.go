package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestReloadQueue: identical requests share one reload, different ones do not,
// and requests that nobody waits for any more are dropped.
func TestReloadQueue(t *testing.T) {
	q := newReloadQueue()
	told := map[string]int{}
	ask := func(name string, want api.ReloadRequest) (leave func()) {
		ctx, cancel := context.WithCancel(t.Context())
		q.add(&job{ctx: ctx, want: want, tell: func(api.ReloadStep) { told[name]++ }})
		return cancel
	}
	ask("plain", api.ReloadRequest{})
	ask("ws", api.ReloadRequest{Replace: []string{"ws", "api"}})
	ask("plan", api.ReloadRequest{Plan: new(api.Plan)})
	ask("plain too", api.ReloadRequest{NoWait: true})
	leave := ask("gone", api.ReloadRequest{})
	ask("all", api.ReloadRequest{All: true, Replace: []string{"ws"}})
	ask("ws too", api.ReloadRequest{Replace: []string{"api", "ws", "ws"}})
	ask("another plan", api.ReloadRequest{Plan: new(api.Plan)})
	ask("all too", api.ReloadRequest{All: true})
	for _, v := range []string{"1", "2", "1"} { // the last one must win
		ask("set "+v, api.ReloadRequest{ArgSettings: api.ArgSettings{Set: map[string]string{"n": v}}})
	}
	leave()

	var runs []map[string]int
	for j, dropped := q.take(); j != nil; j, dropped = q.take() {
		assert.Equal(t, len(runs) == 0, dropped == 1)
		j.tell(api.ReloadStep{})
		runs = append(runs, told)
		told = map[string]int{}
	}
	require.Equal(t, []map[string]int{
		{"plain": 1, "plain too": 1}, {"ws": 1, "ws too": 1}, {"plan": 1}, {"all": 1, "all too": 1}, {"another plan": 1},
		{"set 1": 1}, {"set 2": 1}, {"set 1": 1},
	}, runs)
}
