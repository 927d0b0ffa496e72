package plan

import (
	"context"
	"fmt"

	"github.com/ldcorn/ldcorn/engine/match"
)

// Codes of what Validate finds; they are stable.
const (
	CodeDuplicateName = "L007" // two groups of one name
	CodeSameAddress   = "L023" // two listeners on one address
	CodeNoDefault     = "W101" // no route takes every request
	CodeManyDefaults  = "W102" // several do
	CodeUnreachable   = "W103" // a route that another one always comes before
	CodeImpossible    = "W104" // a route that no request can match
	CodeIdleQueue     = "W107" // limits of a queue that no request enters
	CodeUnchecked     = "W106" // more routes than were compared
)

// A Problem is something wrong with a plan as a whole. The parts of it were
// right by themselves.
type Problem struct {
	Code    string
	Warning bool // the plan can run
	Message string
	Label   string // said beside the place; may be empty
	Place   Place
	Other   Place  // another place that has a part in it; zero for none
	Said    string // beside Other
}

// A Place is a group of a plan, or one of its routes or arguments. The zero Place
// is the plan itself.
type Place struct {
	Group    *Group // nil is the plan
	Route    *Route // nil is the group
	Argument string // of the group or the plan; "" is all of it
}

// Validate finds what is wrong between the parts of a plan, in the order of
// its groups. A group without a name is taken for one whose name is wrong.
//
// Of many routes it looks for those that are never reached until it has
// compared a great many, or ctx has ended, and then says that it stopped.
func Validate(ctx context.Context, p *Plan) []Problem {
	out := duplicates(p)
	if p.Admin.sharesWith(p.Bind) {
		out = append(out, Problem{
			Code:    CodeSameAddress,
			Message: fmt.Sprintf("`admin` and `bind` are both %q", p.Admin),
			Label:   "give `admin` an address of its own, which the public does not reach",
			Place:   Place{Argument: "admin"},
		})
	}
	for argument, other := range map[string]Bind{"bind": p.Bind, "admin": p.Admin} {
		if p.ControlSocket != "" && other == (Bind{Network: "unix", Address: string(p.ControlSocket)}) {
			out = append(out, Problem{
				Code:    CodeSameAddress,
				Message: fmt.Sprintf("`control_socket` and `%s` are both %v", argument, p.ControlSocket),
				Label:   "give `control_socket` a path of its own",
				Place:   Place{Argument: "control_socket"},
			})
		}
	}
	out = append(out, idleQueues(p)...)
	out = append(out, defaults(p)...)
	c := match.NewComparer(ctx)
	never := neverMatch(c, p)
	out = append(append(out, unreachable(c, p, never)...), never...)
	if c.GaveUp() {
		out = append(out, Problem{
			Code: CodeUnchecked, Warning: true,
			Message: fmt.Sprintf("not all routes were compared with each other: it takes more than %d comparisons", match.MaxComparisons),
			Label:   "some may never be reached without a warning",
		})
	}
	return out
}

func duplicates(p *Plan) []Problem {
	var out []Problem
	first := make(map[string]*Group)
	for _, group := range p.Groups {
		before := first[group.Name]
		if before == nil || group.Name == "" {
			first[group.Name] = group
			continue
		}
		out = append(out, Problem{
			Code:    CodeDuplicateName,
			Message: fmt.Sprintf("two WorkerGroups are named %q", group.Name),
			Label:   "give this one another name",
			Place:   Place{Group: group},
			Other:   Place{Group: before},
			Said:    "the first one is here",
		})
	}
	return out
}

// idleQueues warns about groups whose queue has a limit, and whose workers take
// every request at once.
func idleQueues(p *Plan) []Problem {
	var out []Problem
	for _, group := range p.Groups {
		argument := "queue_limit"
		if group.QueueLimit == 0 {
			argument = "queue_timeout"
		}
		if group.MaxReqPerWorker > 0 || group.QueueLimit == 0 && group.QueueTimeout == 0 {
			continue
		}
		out = append(out, Problem{
			Code: CodeIdleQueue, Warning: true,
			Message: fmt.Sprintf("group %q has `%s` and no `max_req_per_worker`: requests wait only while it has no worker", group.Name, argument),
			Label:   "add max_req_per_worker=N, unless that is meant",
			Place:   Place{Group: group, Argument: argument},
		})
	}
	return out
}

// defaults warns where not exactly one route takes what no other takes.
func defaults(p *Plan) []Problem {
	var out []Problem
	var first Place
	all, covered := false, false // covered: by another route than "*"
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			takesAll := match.TakesEveryPath(r.Matcher)
			all = all || takesAll
			covered = covered || takesAll && !r.IsDefault()
			switch {
			case !r.IsDefault():
			case p.Router != nil && !r.Pos.IsValid() && first.Group != nil:
				// Nobody has written it: the group is for the router alone.
			case first.Group == nil:
				first = Place{Group: group, Route: r}
			case first.Group == group:
				out = append(out, Problem{
					Code: CodeManyDefaults, Warning: true,
					Message: fmt.Sprintf("group %q has the route \"*\" twice", group.Name),
					Label:   "remove it", Place: Place{Group: group, Route: r},
				})
			default:
				out = append(out, Problem{
					Code: CodeManyDefaults, Warning: true,
					Message: fmt.Sprintf("group %q gets none of the requests that no other route takes", group.Name),
					Label:   defaultLabel(r), Place: Place{Group: group, Route: r},
					Other: first, Said: fmt.Sprintf("group %q comes first and gets them all", first.Group.Name),
				})
			}
		}
	}
	if covered {
		return nil // every "*" is unreachable, which is told elsewhere
	}
	if !all && len(p.Groups) > 0 {
		out = append(out, Problem{
			Code: CodeNoDefault, Warning: true,
			Message: "no group has the route \"*\": a request that no route takes gets 404",
			Label:   "add routes=[\"*\"] to one group, unless 404 is meant",
		})
	}
	return out
}

const hasDefault = "it has no `routes`, and so the default [\"*\"]"

func defaultLabel(r *Route) string {
	if !r.Pos.IsValid() {
		return hasDefault
	}
	return "a second \"*\""
}

func removeLabel(r *Route) string {
	if !r.Pos.IsValid() {
		return hasDefault
	}
	return "remove it"
}
