package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestSurge(t *testing.T) {
	for text, want := range map[string]Surge{"1%": {Percent: 1}, "25%": {Percent: 25}, "100%": {Percent: 100}} {
		got, err := ParseSurge(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, `"`+text+`"`, got.String())
	}
	for _, text := range []string{"", "%", "25", "0%", "101%", "-1%", "2.5%", "25 %", "all"} {
		_, err := ParseSurge(text)
		assert.Error(t, err, text)
	}
	assert.Equal(t, "None", Surge{}.String())
	assert.Equal(t, "2", Surge{Workers: 2}.String())
	assert.Equal(t, 0, Surge{}.limit(8))
	assert.Equal(t, 2, Surge{Workers: 2}.limit(8))
	assert.Equal(t, 3, Surge{Percent: 30}.limit(8))
	assert.Equal(t, 1, Surge{Percent: 1}.limit(8))
}

func TestChanges_AtOnce(t *testing.T) {
	old := &Plan{Groups: []*Group{{Name: "a", Instances: 4}, {Name: "b", Instances: 2}, {Name: "gone", Instances: 9}}}
	next := &Plan{Groups: []*Group{{Name: "a", Instances: 3, ReloadOnSighup: true}, {Name: "b", Instances: 5, ReloadOnSighup: true},
		{Name: "new", Instances: 7}}}
	for surge, want := range map[Surge]int{{}: 5, {Workers: 1}: 1, {Workers: 4}: 4, {Workers: 5}: 5, {Workers: 6}: 5, {Percent: 20}: 3, {Percent: 100}: 5} {
		next.ReloadSurge = surge
		changes := Diff(old, next, DiffOptions{})
		n, all := changes.AtOnce(surge)
		assert.Equal(t, want, n, surge)
		assert.Equal(t, want == 5, all, surge)
		report := NewReport(api.PlanBase{}, next, changes, DiffOptions{})
		assert.Equal(t, api.PlanProcesses{Before: 15, After: 15, Peak: 15 + 3 + 7 + want}, report.Processes, surge)
		assert.Equal(t, want, report.AtOnce)
	}
}
