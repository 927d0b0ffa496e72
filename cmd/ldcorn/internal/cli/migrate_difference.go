package cli

import (
	"fmt"
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// planDifferences lists the differences between two plans, whatever a reload would
// do about them. The value of the first plan stands before that of the second.
func planDifferences(a, b *plan.Plan) []string {
	var out []string
	changes := plan.Diff(a, b, plan.DiffOptions{})
	for _, c := range slices.Concat(changes.Restart, changes.Plan) {
		out = append(out, fmt.Sprintf("LdConfig: %s", c))
	}
	for i := range changes.Listeners {
		if c := &changes.Listeners[i]; c.Action != plan.Keep {
			out = append(out, fmt.Sprintf("bind: %s", c))
		}
	}
	for _, c := range changes.Groups {
		switch c.Action {
		case plan.Add:
			out = append(out, fmt.Sprintf("group %q is only in the second plan", c.Name))
		case plan.Remove:
			out = append(out, fmt.Sprintf("group %q is only in the first plan", c.Name))
		}
		for _, change := range slices.Concat(c.Changes, c.Pinned) {
			if c.Action != plan.Add && c.Action != plan.Remove {
				out = append(out, fmt.Sprintf("group %q: %s", c.Name, change))
			}
		}
	}
	// The order decides between routes of equal length.
	if len(out) == 0 && !slices.EqualFunc(a.Groups, b.Groups, func(x, y *plan.Group) bool { return x.Name == y.Name }) {
		out = append(out, "the groups are in another order")
	}
	return out
}
