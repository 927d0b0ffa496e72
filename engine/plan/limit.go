package plan

import (
	"fmt"
	"strings"
)

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

// idleLimits warns about limits that their groups cannot reach, because their caps
// together allow less.
func idleLimits(p *Plan) (out []Problem) {
	groups := make(map[string][]*Group)
	var names []string // in the order of the groups
	for _, group := range p.Groups {
		for _, l := range group.Limits {
			if groups[l.Name] == nil {
				names = append(names, l.Name)
			}
			groups[l.Name] = append(groups[l.Name], group)
		}
	}
	for _, name := range names {
		most, of := caps(groups[name])
		size := sizeOf(groups[name][0], name)
		if most == 0 || most >= size {
			continue
		}
		out = append(out, Problem{
			Code: CodeIdleLimit, Warning: true,
			Message: fmt.Sprintf("the limit %q is %d, but its groups work on at most %d at a time: %s", name, size, most, of),
			Label:   "only a reload can come near it, while replaced workers finish: lower it, or remove it",
			Place:   Place{Group: groups[name][0], Argument: "limits"},
		})
	}
	return out
}

// shownCaps is how many groups a message about their caps names.
const shownCaps = 4

// caps returns how many requests groups work on at a time by their own caps, and
// how that comes about. It returns 0 if one of them has no cap.
func caps(groups []*Group) (most int, how string) {
	var parts []string
	for i, g := range groups {
		if g.MaxReqPerWorker == 0 {
			return 0, ""
		}
		most += g.Instances * g.MaxReqPerWorker
		if i < shownCaps {
			parts = append(parts, fmt.Sprintf("%d × %d in %q", g.Instances, g.MaxReqPerWorker, g.Name))
		}
	}
	if more := len(groups) - shownCaps; more > 0 {
		parts = append(parts, fmt.Sprintf("and in %d more", more))
	}
	return most, strings.Join(parts, ", ")
}

// sizeOf returns the size of a limit of a group.
func sizeOf(g *Group, name string) int {
	for _, l := range g.Limits {
		if l.Name == name {
			return l.Size
		}
	}
	return 0
}
