package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func someGroups() *api.Status {
	st := new(api.Status)
	st.Groups = []api.GroupStatus{{Name: "web", Instances: 2}, {Name: "web.1", Instances: 1}, {Name: "jobs", Instances: 12}, {Name: "old", Removed: true}}
	return st
}

func TestTargets(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"web"}, []string{"web"}},
		{[]string{"web.0"}, []string{"web.0"}},
		{[]string{"web.1"}, []string{"web.1"}}, // the group
		{[]string{"web.1.0"}, []string{"web.1.0"}},
		{[]string{"jobs.11", "web", "jobs.2", "jobs.11"}, []string{"jobs.11", "web", "jobs.2"}},
		{[]string{"web.0", "jobs", "web"}, []string{"jobs", "web"}},
	} {
		got, err := new(groupFlags).pickTargets(someGroups(), test.args)
		require.NoError(t, err, test.args)
		var names []string
		for _, target := range got {
			names = append(names, target.String())
			if target.String() == "web.1" {
				assert.Equal(t, wholeGroup, target.worker)
			}
		}
		assert.Equal(t, test.want, names)
	}
	all, err := (&groupFlags{all: true}).pickTargets(someGroups(), nil)
	require.NoError(t, err)
	assert.Equal(t, []target{{"web", wholeGroup}, {"web.1", wholeGroup}, {"jobs", wholeGroup}}, all)
}

func TestTargets_Unknown(t *testing.T) {
	const groups = `; known groups: "jobs", "web", "web.1"`
	for arg, want := range map[string]string{
		"jobs.12": `no worker "jobs.12"; known workers: "jobs.0" to "jobs.11"`,
		"nobody":  `no group "nobody"` + groups, "nobody.1": `no group "nobody.1"` + groups, "old": `no group "old"` + groups,
		"old.0": `no group "old.0"` + groups, "web.": `no group "web."` + groups, "web.x": `no group "web.x"` + groups,
		"web.00": `no group "web.00"` + groups, "web.-1": `no group "web.-1"` + groups, ".1": `no group ".1"` + groups,
		"web.99999999999": `no group "web.99999999999"` + groups,
	} {
		_, err := new(groupFlags).pickTargets(someGroups(), []string{"web", arg})
		require.EqualError(t, err, want)
	}
}

func TestTargetNames(t *testing.T) {
	assert.Equal(t, []string{"web", "web.1", "jobs"}, targetNames(someGroups(), ""))
	assert.Equal(t, []string{"web", "web.1", "jobs"}, targetNames(someGroups(), "we"))
	assert.Equal(t, []string{"web", "web.0", "web.1", "web.1", "jobs"}, targetNames(someGroups(), "web"))
	assert.Equal(t, []string{"web", "web.0", "web.1", "web.1", "web.1.0", "jobs"}, targetNames(someGroups(), "web.1"))
}
