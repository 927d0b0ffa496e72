package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestIncidents: each kind of each group is there, and removed groups are not.
func TestIncidents(t *testing.T) {
	one, two := 1, 2
	c := NewIncidents(func() []api.GroupStatus {
		return []api.GroupStatus{{Name: "web"}, {Name: "api"}, {Name: "gone", Removed: true}}
	},
		func() []api.Incident {
			return []api.Incident{{Kind: api.IncidentBlocked, Group: "web", Worker: &one}, {Kind: api.IncidentBlocked, Group: "web", Worker: &two}, {Kind: api.IncidentQueue, Group: "api"}}
		})
	assert.Equal(t, 2*len(api.IncidentKinds), testutil.CollectAndCount(c))
	values := map[string]float64{}
	reg := NewRegistry(Build{}, c)
	families, err := reg.Gather()
	assert.NoError(t, err)
	for _, f := range families {
		if f.GetName() != "ldcorn_incidents" {
			continue
		}
		for _, m := range f.GetMetric() {
			values[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetGauge().GetValue()
		}
	}
	assert.Equal(t, 2.0, values["web blocked_loop"])
	assert.Equal(t, 1.0, values["api queue"])
	assert.Zero(t, values["api blocked_loop"])
}
