package plan

import "fmt"

// A Limit is how many requests may be in hand in all the groups together that
// have it. Limits with the same name are the same.
type Limit struct {
	Name string
	Size int
}

// MaxLimitSize is the largest size of a Limit.
const MaxLimitSize = 1_000_000

// String returns the limit as the configuration writes it.
func (l Limit) String() string { return fmt.Sprintf("limit(%q, %d)", l.Name, l.Size) }

// limitsOfTwoSizes reports limits with one name and different sizes.
func limitsOfTwoSizes(p *Plan) (out []Problem) {
	type use struct {
		group *Group
		limit Limit
	}
	first := make(map[string]use)
	for _, group := range p.Groups {
		for _, l := range group.Limits {
			before, known := first[l.Name]
			if !known {
				first[l.Name] = use{group, l}
				continue
			}
			if before.limit.Size != l.Size {
				out = append(out, Problem{
					Code:    CodeLimitSizes,
					Message: fmt.Sprintf("the limit %q has two sizes, %d and %d", l.Name, before.limit.Size, l.Size),
					Label:   "a limit is one value: make it once, and use it in each group",
					Place:   Place{Group: group, Argument: "limits"},
					Other:   Place{Group: before.group, Argument: "limits"},
					Said:    fmt.Sprintf("here it is %d", before.limit.Size),
				})
			}
		}
	}
	return out
}
