package plan

import (
	"fmt"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A ReadyWhen says which groups must be able to serve requests for the master to be
// ready.
type ReadyWhen string

// The values of ready_when.
const (
	ReadyAny ReadyWhen = "any"
	ReadyAll ReadyWhen = "all"
)

// probePaths returns the arguments that name a path which ldcorn itself answers, and
// the paths.
func (p *Plan) probePaths() (out [][2]string) {
	for _, probe := range [...][2]string{{"live_path", p.LivePath}, {"ready_path", p.ReadyPath}} {
		if probe[1] != "" {
			out = append(out, probe)
		}
	}
	return out
}

// sameProbes reports two questions about health on one path.
func sameProbes(p *Plan) []Problem {
	if p.LivePath == "" || p.LivePath != p.ReadyPath {
		return nil
	}
	return []Problem{{
		Code:    CodeSameProbe,
		Message: fmt.Sprintf("`live_path` and `ready_path` are both %q", p.ReadyPath),
		Label:   "give `ready_path` a path of its own",
		Place:   Place{Argument: "ready_path"},
	}}
}

// behindProbes warns about routes and folders that are written for a path which ldcorn
// itself answers. Others, such as "/" or "/-/", can well take the path besides many others.
func behindProbes(c *match.Comparer, p *Plan) (out []Problem) {
	for _, probe := range p.probePaths() {
		argument, path := probe[0], probe[1]
		for i := range p.Statics {
			if s := &p.Statics[i]; s.Prefix == path {
				out = append(out, Problem{
					Code: CodeBehindProbe, Warning: true,
					Message: fmt.Sprintf("static(%q, …) at %v gets no request for %s: ldcorn answers these itself", s.Prefix, s.Pos, path),
					Label:   "choose another path for one of the two",
					Place:   Place{Argument: argument},
				})
			}
		}
		for _, group := range p.Groups {
			for i := range group.Routes {
				r := &group.Routes[i]
				if !isFor(c, r, path) {
					continue
				}
				out = append(out, Problem{
					Code: CodeBehindProbe, Warning: true,
					Message: fmt.Sprintf("route %s gets no request for %s: ldcorn answers these itself", r, path),
					Label:   fmt.Sprintf("choose another path for it or for %s", argument),
					Place:   Place{Group: group, Route: r},
				})
			}
		}
	}
	return out
}

// isFor reports whether a route is written for a path: it is the string with the path,
// or takes the path and not its neighbor.
func isFor(c *match.Comparer, r *Route, path string) bool {
	if p := r.Pattern(); p != nil && p.Text == path {
		return true
	}
	return !c.Excludes(r.Matcher, match.Path(path)) && c.Excludes(r.Matcher, match.Path(path+"-"))
}
