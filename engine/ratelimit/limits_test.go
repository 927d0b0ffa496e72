package ratelimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestPublish: a limit goes on across reloads as long as its place and setting
// are the same.
func TestPublish(t *testing.T) {
	var limits Limits
	assert.Nil(t, limits.Publish(&plan.Plan{Groups: []*plan.Group{{Name: "web"}}}))
	assert.Empty(t, limits.All())

	publish := func(all, web, api plan.RateLimit) (*plan.Plan, *Set) {
		p := &plan.Plan{RateLimit: all, Groups: []*plan.Group{{Name: "web", RateLimit: web}, {Name: "api", RateLimit: api}}}
		return p, limits.Publish(p)
	}
	ten, five := setting(t, "10/s", 10), setting(t, "5/s", 5)
	p, set := publish(ten, ten, plan.RateLimit{})
	first := set.Of(p.Groups[0], nil)
	assert.Equal(t, Applying{set.all}, set.Of(nil, nil))
	assert.Equal(t, Applying{set.all}, set.Of(p.Groups[1], nil))
	require.NotSame(t, first[0], first[1], "each place has its own")
	assert.Equal(t, "the rate limit of LdConfig", first[0].Why)
	assert.Equal(t, "the rate limit of web", first[1].Why)
	in, _ := take(first[1], time.Hour, 1, 100)
	assert.Equal(t, 10, in)

	p, set = publish(five, ten, ten)
	second := set.Of(p.Groups[0], nil)
	assert.NotSame(t, first[0], second[0], "another setting begins anew")
	assert.Same(t, first[1], second[1])
	in, _ = take(second[1], time.Hour, 1, 100)
	assert.Zero(t, in)
	in, _ = take(set.Of(p.Groups[1], nil)[1], time.Hour, 1, 100)
	assert.Equal(t, 10, in)

	var places []string
	for _, l := range limits.All() {
		places = append(places, l.Place.String())
	}
	assert.Equal(t, []string{"LdConfig", "web", "api"}, places)

	publish(plan.RateLimit{}, plan.RateLimit{}, plan.RateLimit{})
	assert.Empty(t, limits.All())
	p, set = publish(ten, ten, ten)
	last := set.Of(p.Groups[0], nil)
	assert.NotSame(t, first[1], last[1], "a limit that was gone begins anew")
	refused := func(l *Limit) uint64 { return l.Status(time.Hour).Refused }
	assert.Equal(t, []uint64{0, 190}, []uint64{refused(last[0]), refused(last[1])}, "its place does not")
	take(first[0], time.Hour, 1, 100) // a request that began before the first reload
	assert.EqualValues(t, 90, refused(last[0]))

	for n := range 2 * mostGone {
		limits.Publish(&plan.Plan{Groups: []*plan.Group{{Name: fmt.Sprint(n), RateLimit: ten}}})
	}
	assert.LessOrEqual(t, len(limits.done), mostGone+1)
}

// TestRules: each rule has its own limit, even if its route is another's.
func TestRules(t *testing.T) {
	var limits Limits
	publish := func() (*plan.Plan, *Set) {
		p := &plan.Plan{Groups: []*plan.Group{{Name: "web", RateLimit: setting(t, "10/s", 10)}, {Name: "api"}}}
		for i, pattern := range []string{"/a", "/b", "/a"} {
			r, err := plan.NewRoute(pattern, plan.Pos{})
			require.NoError(t, err)
			if i != 1 {
				r.RateLimit = setting(t, "1/s", 1)
			}
			for _, g := range p.Groups {
				g.Routes = append(g.Routes, r)
			}
		}
		return p, limits.Publish(p)
	}
	p, set := publish()
	seen := make(map[*Limit]bool)
	for _, g := range p.Groups {
		assert.Nil(t, set.Of(g, &g.Routes[1])[2])
		for _, i := range []int{0, 2} {
			l := set.Of(g, &g.Routes[i])[2]
			assert.False(t, seen[l])
			seen[l] = true
		}
	}
	first := set.Of(p.Groups[0], &p.Groups[0].Routes[2])
	assert.Equal(t, `the rate limit of web: "/a" #2`, first[2].Why)
	assert.NotNil(t, first[1])
	p, set = publish()
	assert.Equal(t, first, set.Of(p.Groups[0], &p.Groups[0].Routes[2]))
	assert.Len(t, limits.All(), 5)
}

// TestMemory: the tables of all limits together are bounded.
func TestMemory(t *testing.T) {
	for n, want := range map[int]int{0: mostSets, 1: mostSets, 32: mostSets, 33: mostSets / 2, 1000: 256, 1 << 20: leastSets} {
		assert.Equal(t, want, setsOf(n), n)
	}
	var limits Limits
	p := &plan.Plan{RateLimit: setting(t, "1/s", 1)}
	for range 40 {
		p.Groups = append(p.Groups, &plan.Group{Name: "g", RateLimit: setting(t, "1/s", 1)})
	}
	p.Groups[39].RateLimit.By = match.Key{}
	limits.Publish(p)
	all := limits.All()
	assert.Equal(t, mostSets/2*ways, all[0].Status(time.Hour).Room)
	assert.Equal(t, ways, all[40].Status(time.Hour).Room)
	take(all[0], time.Hour, 1, 1)
	assert.Len(t, all[0].table.Load().sets, mostSets/2)
}
