package tests

import "github.com/ldcorn/ldcorn/engine/plan"

// A Coverage says which routes have taken a request of a test.
type Coverage struct {
	Routes int // of all groups
	Hit    int
	Missed []MissedRoute // in the order of the configuration
}

// A MissedRoute is a route that has taken no request of a test.
type MissedRoute struct {
	Group string
	Route *plan.Route
	Pos   plan.Pos // of the route, or of its group if that has the default routes
}

// Percent returns the share of routes that were hit, or 100 if there are none.
func (c *Coverage) Percent() float64 {
	if c.Routes == 0 {
		return 100
	}
	return 100 * float64(c.Hit) / float64(c.Routes)
}

func (r *runner) coverage() Coverage {
	var c Coverage
	for _, group := range r.opts.Plan.Groups {
		for i := range group.Routes {
			c.Routes++
			if r.hits[&group.Routes[i]] > 0 {
				c.Hit++
			} else {
				c.Missed = append(c.Missed, missed(group, &group.Routes[i]))
			}
		}
	}
	return c
}

func missed(group *plan.Group, r *plan.Route) MissedRoute {
	m := MissedRoute{group.Name, r, r.Pos}
	if !m.Pos.IsValid() {
		m.Pos = group.Pos
	}
	return m
}
