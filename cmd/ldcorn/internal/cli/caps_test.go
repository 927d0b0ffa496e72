package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestCaps checks what check and the start say about how many requests a group
// takes.
func TestCaps(t *testing.T) {
	limits := []plan.Limit{{Name: "gpu", Size: 4}, {Name: "db", Size: 2}}
	for want, g := range map[string]*plan.Group{
		"no cap":                                 {QueueLimit: 5},
		"1 request each":                         {MaxReqPerWorker: 1},
		"3 requests each, queue 5":               {MaxReqPerWorker: 3, QueueLimit: 5},
		"limit gpu of 4, limit db of 2, queue 5": {Limits: limits, QueueLimit: 5},
		"2 requests each, limit gpu of 4":        {MaxReqPerWorker: 2, Limits: limits[:1]},
	} {
		assert.Equal(t, want, takes(g))
	}
	assert.Equal(t, "at most 2 requests each, limit gpu of 4", caps(&plan.Group{MaxReqPerWorker: 2, Limits: limits[:1]}, "at most "))
}
