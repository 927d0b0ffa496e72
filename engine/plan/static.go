package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Static is a folder whose files ldcorn itself serves below a prefix of paths.
type Static struct {
	Prefix        string // "/", or a path such as "/assets" without a slash at its end
	Dir           string // absolute
	Fallthrough   bool   // what the folder does not have goes on to the routes
	Index         string // the file that stands for a folder; "" means none
	CacheControl  string // of each file; "" means none
	Precompressed bool   // send NAME.br or NAME.gz in place of NAME
	Pos           Pos
}

// Bounds of what a Static can be.
const (
	MaxStatics      = 64
	MaxCacheControl = 1 << 10 // bytes
	MaxFileName     = 255     // bytes, of the index
)

// String returns the call that makes the Static, without the arguments that have their
// defaults.
func (s Static) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "static(%q, dir=%q", s.Prefix, s.Dir)
	if s.Fallthrough {
		b.WriteString(", fallthrough=True")
	}
	if s.Index != "" {
		fmt.Fprintf(&b, ", index=%q", s.Index)
	}
	if s.CacheControl != "" {
		fmt.Fprintf(&b, ", cache_control=%q", s.CacheControl)
	}
	if !s.Precompressed {
		b.WriteString(", precompressed=False")
	}
	return b.String() + ")"
}

// Below returns the part of a path behind the prefix, which is empty or begins with a
// slash. It reports false if the path is not below the prefix.
func (s *Static) Below(path string) (rest string, ok bool) {
	if s.Prefix == "/" {
		return path, strings.HasPrefix(path, "/")
	}
	rest, ok = strings.CutPrefix(path, s.Prefix)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// sameStatics compares without positions.
func sameStatics(a, b []Static) bool {
	return slices.EqualFunc(a, b, func(x, y Static) bool {
		x.Pos, y.Pos = Pos{}, Pos{}
		return x == y
	})
}

// hiddenRoutes warns about routes whose requests all go to a static.
func hiddenRoutes(c *match.Comparer, p *Plan) (out []Problem) {
	for i := range p.Statics {
		s := &p.Statics[i]
		if s.Fallthrough {
			continue
		}
		prefix := match.Prefix(s.Prefix)
		for _, group := range p.Groups {
			for j := range group.Routes {
				r := &group.Routes[j]
				all := s.Prefix == "/" && match.TakesEveryPath(r.Matcher)
				if !all && !c.Implies(r.Matcher, prefix) {
					continue
				}
				place := Place{Group: group, Route: r}
				if !r.Pos.IsValid() {
					place.Route = nil
				}
				out = append(out, Problem{
					Code: CodeStaticHides, Warning: true,
					Message: fmt.Sprintf("route %s of group %q gets no requests: static(%q, …) at %v comes before it, and answers 404 for what it does not have", r, group.Name, s.Prefix, s.Pos),
					Label:   "give the static fallthrough=True, or another prefix",
					Place:   place,
				})
			}
		}
	}
	return out
}
