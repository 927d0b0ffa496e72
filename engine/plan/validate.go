package plan

import (
	"fmt"
	"regexp"
	"strings"
)

// Codes of what Validate finds; they are stable.
const (
	CodeDuplicateName = "L007" // two pools of one name
	CodeSameAddress   = "L023" // two listeners on one address
	CodeNoDefault     = "W101" // no route takes every request
	CodeManyDefaults  = "W102" // several do
	CodeUnreachable   = "W103" // a route that another one always comes before
	CodeImpossible    = "W104" // a route that no request can match
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

// A Place is a pool of a plan, or one of its routes. The zero Place is the
// plan itself.
type Place struct {
	Pool  *Pool
	Route *Route // nil is the pool
}

// Validate finds what is wrong between the parts of a plan, in the order of
// its pools. A pool without a name is taken for one whose name is wrong.
func Validate(p *Plan) []Problem {
	out := duplicates(p)
	if p.Admin.sharesWith(p.Bind) {
		out = append(out, Problem{
			Code:    CodeSameAddress,
			Message: fmt.Sprintf("`admin` and `bind` are both %q", p.Admin),
			Label:   "give `admin` an address of its own, which the public does not reach",
		})
	}
	for argument, other := range map[string]Bind{"bind": p.Bind, "admin": p.Admin} {
		if p.ControlSocket != "" && other == (Bind{Network: "unix", Address: string(p.ControlSocket)}) {
			out = append(out, Problem{
				Code:    CodeSameAddress,
				Message: fmt.Sprintf("`control_socket` and `%s` are both %v", argument, p.ControlSocket),
				Label:   "give `control_socket` a path of its own",
			})
		}
	}
	out = append(out, defaults(p)...)
	out = append(out, unreachable(p)...)
	for _, pool := range p.Pools {
		for i := range pool.Routes {
			if why := impossible(pool.Routes[i].Pattern); why != "" {
				out = append(out, Problem{
					Code: CodeImpossible, Warning: true,
					Message: fmt.Sprintf("route %q never matches", pool.Routes[i].Pattern),
					Label:   why, Place: Place{pool, &pool.Routes[i]},
				})
			}
		}
	}
	return out
}

func duplicates(p *Plan) []Problem {
	var out []Problem
	first := make(map[string]*Pool)
	for _, pool := range p.Pools {
		before := first[pool.Name]
		if before == nil || pool.Name == "" {
			first[pool.Name] = pool
			continue
		}
		out = append(out, Problem{
			Code:    CodeDuplicateName,
			Message: fmt.Sprintf("two WorkerGroups are named %q", pool.Name),
			Label:   "give this one another name",
			Place:   Place{Pool: pool},
			Other:   Place{Pool: before},
			Said:    "the first one is here",
		})
	}
	return out
}

// defaults warns where not exactly one route takes what no other takes.
func defaults(p *Plan) []Problem {
	var out []Problem
	var first Place
	all, covered := false, false // covered: by another route than "*"
	for _, pool := range p.Pools {
		for i := range pool.Routes {
			r := &pool.Routes[i]
			all = all || r.takesAll()
			covered = covered || r.takesAll() && r.Kind != RouteAny
			switch {
			case r.Kind != RouteAny:
			case first.Pool == nil:
				first = Place{pool, r}
			case first.Pool == pool:
				out = append(out, Problem{
					Code: CodeManyDefaults, Warning: true,
					Message: fmt.Sprintf("group %q has the route \"*\" twice", pool.Name),
					Label:   "remove it", Place: Place{pool, r},
				})
			default:
				out = append(out, Problem{
					Code: CodeManyDefaults, Warning: true,
					Message: fmt.Sprintf("group %q gets none of the requests that no other route takes", pool.Name),
					Label:   defaultLabel(r), Place: Place{pool, r},
					Other: first, Said: fmt.Sprintf("group %q comes first and gets them all", first.Pool.Name),
				})
			}
		}
	}
	if covered {
		return nil // every "*" is unreachable, which is told elsewhere
	}
	if !all && len(p.Pools) > 0 {
		out = append(out, Problem{
			Code: CodeNoDefault, Warning: true,
			Message: "no group has the route \"*\": a request that no route takes gets 404",
			Label:   "add routes=[\"*\"] to one group, unless 404 is meant",
		})
	}
	return out
}

const isDefault = "it has no `routes`, and so the default [\"*\"]"

func defaultLabel(r *Route) string {
	if !r.Pos.IsValid() {
		return isDefault
	}
	return "a second \"*\""
}

func removeLabel(r *Route) string {
	if !r.Pos.IsValid() {
		return isDefault
	}
	return "remove it"
}

// takesAll reports whether the route matches every path.
func (r *Route) takesAll() bool {
	lead, ok := r.everythingBelow()
	return ok && (lead == "" || lead == "/")
}

// everythingBelow returns what a path must start with, when that is all
// that the route asks for.
func (r *Route) everythingBelow() (string, bool) {
	switch r.Kind {
	case RouteAny:
		return "", true
	case RoutePrefix:
		return r.Literal, true
	}
	rest := strings.TrimPrefix(r.Pattern, r.Literal)
	below := rest == "**" || rest == "*" && strings.HasSuffix(r.Literal, "/")
	return r.Literal, below
}

// unreachable warns about routes that another one always comes before: the
// longest literal part wins, then the order written.
func unreachable(p *Plan) []Problem {
	var out []Problem
	var before []Place
	for _, pool := range p.Pools {
		for i := range pool.Routes {
			here := Place{pool, &pool.Routes[i]}
			for _, b := range before {
				if problem, ok := shadowed(here, b); ok {
					out = append(out, problem)
					break
				}
			}
			before = append(before, here)
		}
	}
	return out
}

// shadowed compares a route with one written before it.
func shadowed(here, before Place) (Problem, bool) {
	a, b := before.Route, here.Route
	problem := Problem{
		Code: CodeUnreachable, Warning: true,
		Place: here, Other: before, Label: removeLabel(b),
		Message: fmt.Sprintf("route %q is never reached", b.Pattern),
		Said:    fmt.Sprintf("%q takes its requests first", a.Pattern),
	}
	// A route that takes everything leaves nothing for "*", in any order.
	if a.takesAll() && a.Kind != RouteAny && b.Kind == RouteAny {
		return problem, true
	}
	if b.takesAll() && b.Kind != RouteAny && a.Kind == RouteAny {
		problem.Place, problem.Other, problem.Label = before, here, removeLabel(a)
		problem.Message = fmt.Sprintf("route %q is never reached", a.Pattern)
		problem.Said = fmt.Sprintf("%q takes its requests first", b.Pattern)
		return problem, true
	}
	switch {
	case b.Kind == RouteAny: // several "*" have a warning of their own
		return problem, false
	case a.Pattern == b.Pattern:
		problem.Said = fmt.Sprintf("the same route, in group %q", before.Pool.Name)
		if here.Pool == before.Pool {
			problem.Message, problem.Said = fmt.Sprintf("route %q is written twice", b.Pattern), "the same route"
		}
		return problem, true
	case a.Kind == RouteAny || len(a.Literal) != len(b.Literal):
		return problem, false
	}
	lead, below := a.everythingBelow()
	return problem, below && strings.HasPrefix(b.Literal, lead)
}

var (
	dotSegment = regexp.MustCompile(`/\.\.?(/|$)`)
	escape     = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	queryPart  = regexp.MustCompile(`\?[\w.-]+=`)
)

// impossible says why no request can match a pattern, or "".
func impossible(pattern string) string {
	switch {
	case pattern == "*":
		return ""
	case dotSegment.MatchString(pattern):
		return "paths with a /./ or /../ in them are refused"
	case escape.MatchString(pattern):
		return fmt.Sprintf("routes match the decoded path: write the character for %s itself", escape.FindString(pattern))
	case queryPart.MatchString(pattern):
		return "routes match the path alone, without what follows the `?`"
	case strings.ContainsRune(pattern, 0):
		return "paths with a NUL in them are refused"
	}
	return ""
}
