package proxy

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestProxy_Reserved: what is reserved follows the plan in effect.
func TestProxy_Reserved(t *testing.T) {
	r := newRig(t, "", nil)
	check := func() (first uintptr) {
		for !r.proxy.Reserved(first) {
			first++
		}
		want := func() int { return reserveOf(r.plan) }
		assert.True(t, netloop.Reserved(first, want))
		assert.False(t, netloop.Reserved(first-1, want))
		return first
	}
	before := check()
	group := *r.plan.Groups[0]
	group.Instances = 1 << 20 // far more than there is room for
	next := *r.plan
	next.Groups = []*plan.Group{&group}
	r.plan = &next
	r.publish()
	assert.Less(t, check(), before)
}
