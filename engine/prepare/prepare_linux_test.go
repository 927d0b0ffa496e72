package prepare

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestSetCPUs binds a process to one of the CPUs of this one, whose own stay.
func TestSetCPUs(t *testing.T) {
	before, err := affinity()
	require.NoError(t, err)
	one := plan.NewCPUSet(before.CPUs()[:1])
	group := &plan.Group{CPUAffinity: []plan.CPUSet{one}}
	assert.Empty(t, check(group))
	s, err := For(group, 0)
	require.NoError(t, err)
	assert.Equal(t, "Cpus_allowed_list:\t"+string(one), run(t, s, "grep Cpus_allowed_list /proc/self/status"))
	after, err := affinity()
	require.NoError(t, err)
	assert.Equal(t, before, after)

	missing := &plan.Group{CPUAffinity: []plan.CPUSet{one, "8000"}}
	got := check(missing)
	require.Len(t, got, 1)
	assert.Equal(t, "cpu_affinity| cpu_affinity 8000: the master may use the CPUs "+string(before)+" only; name some of them", got[0])
	s, err = For(missing, 1)
	require.NoError(t, err)
	require.ErrorContains(t, start(exec.Command("/bin/true"), s), "cpu_affinity: the master may use the CPUs")
}

// TestSetNice_Session gives the session of a process the same value, where the kernel
// schedules by session.
func TestSetNice_Session(t *testing.T) {
	s := &Setup{Nice: number(9)}
	got := run(t, s, `cat /proc/self/autogroup 2>/dev/null || echo nice 9`)
	assert.Regexp(t, `nice 9$`, got)
}
