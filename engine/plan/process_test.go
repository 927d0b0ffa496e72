package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestCPUSet(t *testing.T) {
	for text, want := range map[string]CPUSet{
		"0": "0", "0-3,6": "0-3,6", "6,0-3": "0-3,6", "3,2,1": "1-3", "0-1,1-2, 8": "0-2,8", "4,6": "4,6",
	} {
		cpus, err := ParseCPUs(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, NewCPUSet(cpus), text)
		assert.Equal(t, want, NewCPUSet(want.CPUs()), text)
	}
	for _, text := range []string{"", "a", "-1", "1-", "2-1", "0,,1", "8192", "0-9999999999"} {
		_, err := ParseCPUs(text)
		require.Error(t, err, text)
	}
}

// TestAffinityOf gives the workers their sets in turn.
func TestAffinityOf(t *testing.T) {
	g := NewGroup()
	assert.Equal(t, CPUSet(""), g.AffinityOf(3))
	g.CPUAffinity = []CPUSet{"0-1"}
	assert.Equal(t, CPUSet("0-1"), g.AffinityOf(3))
	g.CPUAffinity = []CPUSet{"0", "1", "2"}
	assert.Equal(t, CPUSet("0"), g.AffinityOf(3))
}

// TestSystemAttributes_Replace: a change of what a process is for the system replaces
// the workers, and is shown as it is written.
func TestSystemAttributes_Replace(t *testing.T) {
	nice := 10
	for name, c := range map[string]struct {
		change func(*Group)
		want   string
	}{
		"user":         {func(g *Group) { g.User = "www" }, `user None -> "www"`},
		"group":        {func(g *Group) { g.UnixGroup = "33" }, `group None -> "33"`},
		"umask":        {func(g *Group) { g.Umask = Umask{Bits: 0o27, Set: true} }, `umask None -> "0027"`},
		"rlimits":      {func(g *Group) { g.Rlimits = []Rlimit{{"core", 0, Unlimited}, {"nofile", 65536, 65536}} }, `rlimits {} -> {"core": [0, "unlimited"], "nofile": 65536}`},
		"nice":         {func(g *Group) { g.Nice = &nice }, `nice None -> 10`},
		"cpu_affinity": {func(g *Group) { g.CPUAffinity = []CPUSet{"0-3", "4"} }, `cpu_affinity None -> [["0-3"], ["4"]]`},
		"memory_high":  {func(g *Group) { g.MemoryHigh = 1 << 30 }, `memory_high 0 -> "1GiB"`},
		"memory_max":   {func(g *Group) { g.MemoryMax = 512 << 20 }, `memory_max 0 -> "512MiB"`},
	} {
		old, next := NewGroup(), NewGroup()
		old.Name, next.Name = "a", "a"
		c.change(next)
		got := Diff(&Plan{Groups: []*Group{old}}, &Plan{Groups: []*Group{next}}, DiffOptions{}).Groups[0]
		assert.Equal(t, Replace, got.Action, name)
		assert.Equal(t, name+" changed", got.Reason)
		require.Len(t, got.Changes, 1, name)
		assert.Equal(t, c.want, got.Changes[0].String())
	}
}

// TestSystem says nothing of a group without settings.
func TestSystem(t *testing.T) {
	g := NewGroup()
	assert.Nil(t, g.System())
	g.Umask, g.CPUAffinity = Umask{Bits: 0, Set: true}, []CPUSet{"0", "1"}
	g.Rlimits = []Rlimit{{"core", 0, Unlimited}}
	assert.Equal(t, &api.System{Umask: "0000", CPUAffinity: []string{"0", "1"}, Rlimits: map[string]api.Rlimit{"core": {Soft: "0", Hard: "unlimited"}}}, g.System())
}
