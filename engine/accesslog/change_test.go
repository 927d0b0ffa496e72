package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestChanges: a change of all requests counts for every group, and one of a group counts
// after it. What decides last counts.
func TestChanges(t *testing.T) {
	on, off := new(bool), new(bool)
	*on = true
	web, quiet := &plan.Group{Name: "web", AccessLog: "/web.log"}, &plan.Group{Name: "quiet", AccessLog: plan.AccessLogOff}
	p := &plan.Plan{Groups: []*plan.Group{web, quiet}, LogFields: []plan.LogField{plan.LogTime}}
	places := func(cs Changes) (out []plan.AccessLog) {
		for _, g := range []*plan.Group{nil, web, quiet} {
			out = append(out, cs.Settings(p, g).To)
		}
		return out
	}
	none := Changes{}
	assert.True(t, none.IsZero())
	assert.Equal(t, []plan.AccessLog{"", "/web.log", "off"}, places(none))
	all := none.With("", Change{On: on})
	assert.False(t, all.IsZero())
	assert.Equal(t, []plan.AccessLog{"-", "/web.log", "-"}, places(all))
	assert.Equal(t, []plan.AccessLog{"-", "/web.log", "off"}, places(all.With("quiet", Change{On: off})))
	assert.Equal(t, []plan.AccessLog{"-", "/web.log", "-"}, places(all.With("quiet", Change{On: off}).With("", Change{On: on})))
	assert.Equal(t, []plan.AccessLog{"", "off", "off"}, places(none.With("web", Change{On: off})))
	p.AccessLog = "/all.log"
	assert.Equal(t, []plan.AccessLog{"/all.log", "/web.log", "/all.log"}, places(none.With("quiet", Change{On: on})))

	formed := all.With("web", Change{Format: plan.LogJSON}).With("web", Change{Fields: []plan.LogField{plan.ResponseHeaderField + "X-A"}})
	assert.True(t, formed.WantAnswers())
	assert.Equal(t, plan.LogJSON, formed.Settings(p, web).Format)
	assert.Len(t, formed.Settings(p, web).Fields, 1)
	assert.Equal(t, p.LogFields, formed.Settings(p, quiet).Fields)
	plain := formed.With("", Change{Fields: []plan.LogField{}})
	assert.False(t, plain.WantAnswers())
	assert.Nil(t, plain.Settings(p, web).Fields)
	assert.Equal(t, plan.LogJSON, plain.Settings(p, web).Format, "which this did not decide")
	assert.Equal(t, []plan.AccessLog{"/all.log", "/web.log", "/all.log"}, places(formed.Without("web")))
	assert.True(t, formed.Without("").IsZero())
}
