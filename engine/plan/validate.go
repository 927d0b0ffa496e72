package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// Codes of the problems that Validate finds. They are stable.
const (
	CodeDuplicateName = "L007" // two groups with the same name
	CodeLimitSizes    = "L026" // two sizes of one limit
	CodeSameAddress   = "L023" // two listeners on the same address
	CodeSameCookie    = "L027" // two groups that bind their clients by the same cookie
	CodeNobodyNames   = "L038" // the PROXY protocol without proxies to trust
	CodeUnknownOf     = "L042" // a command of a group that is not there
	CodeSameProbe     = "L039" // live_path and ready_path are the same
	CodeIdleAdmin     = "L043" // a setting of the admin listener without what it needs
	CodeDumpNever     = "L047" // dump_on_stuck without slow_request
	CodeNoDefault     = "W101" // no route takes every request
	CodeManyDefaults  = "W102" // several routes do
	CodeUnreachable   = "W103" // a route that another one always precedes
	CodeImpossible    = "W104" // a route that no request can match
	CodeIdleQueue     = "W107" // settings of a queue that no request enters
	CodeParameter     = "W108" // a path parameter in a glob
	CodeCappedPolls   = "W109" // slots that sessions keep although their clients only wait
	CodeShortBuffer   = "W110" // a buffer that cannot hold what it is to hold
	CodeIdleLimit     = "W115" // a limit that no group has, or that its groups cannot reach
	CodeNoAddress     = "W116" // a setting by the client's address, which no request has
	CodeLiteralGlob   = "W117" // a path of path or prefix that is written as a glob
	CodeOnePriority   = "W119" // a priority that all requests of a group have
	CodeAppendNone    = "W111" // forwarded="append" without proxies to trust
	CodeRegex         = "W112" // a regular expression in a route string
	CodeBehindProbe   = "W129" // a route for a path that ldcorn itself answers
	CodeStaticHides   = "W136" // a static that leaves a route no requests
	CodeUnchecked     = "W106" // too many routes to compare all of them
	CodeAllRedirect   = "W122" // a redirect of every request, or of none
	CodeRedirectPort  = "W123" // a redirect to a port on which nothing speaks TLS
	CodeNeverAsked    = "W125" // a route by the certificate of clients, whom no listener asks for one
	CodeUnlogged      = "W142" // a setting of an access log that nobody writes
	CodeRevealed      = "W141" // a header in the access log that proves who a client is
)

// A Problem is something wrong with a plan as a whole, although its parts are
// valid on their own.
type Problem struct {
	Code    string
	Warning bool // the plan can run
	Message string
	Label   string // shown next to Place; may be empty
	Place   Place
	Other   Place  // another place that is involved; zero if none
	Said    string // shown next to Other
	Lacks   string // the argument of the plan, or of the group of Place, that is missing; "" if none is
}

// A Place is a group or a listener of a plan, or one of its routes or arguments. The
// zero Place is the plan itself.
type Place struct {
	Group    *Group    // nil means the plan
	Route    *Route    // nil means the group
	Listener *Listener // nil means the group or the plan
	Argument string    // of the group, the listener or the plan; "" means all of it
}

// Validate checks the parts of a plan against each other, in the order of its
// groups. It skips groups without a name, whose name was wrong.
//
// Validate stops looking for routes that are never reached after a great many
// comparisons or when ctx ends, and then reports that it stopped.
func Validate(ctx context.Context, p *Plan) []Problem {
	out := duplicates(p)
	out = append(out, sharedAddresses(p)...)
	out = append(out, idleAdmin(p)...)
	out = append(out, deadRedirects(p)...)
	out = append(out, sameProbes(p)...)
	out = append(out, nobodyNames(p)...)
	out = append(out, unknownOf(p)...)
	out = append(out, limitsOfTwoSizes(p)...)
	out = append(out, sharedCookies(p)...)
	out = append(out, dumpsNever(p)...)
	out = append(out, idleQueues(p)...)
	out = append(out, onePriorities(p)...)
	out = append(out, idleLimits(p)...)
	out = append(out, noAddresses(p)...)
	out = append(out, neverAsked(p)...)
	out = append(out, cappedPolls(p)...)
	out = append(out, shortBuffers(p)...)
	out = append(out, strayRedirects(p)...)
	out = append(out, appendsNothing(p)...)
	out = append(out, revealingFields(p)...)
	out = append(out, unusedLogSettings(p)...)
	out = append(out, parameters(p)...)
	out = append(out, literalGlobs(p)...)
	out = append(out, regexes(p)...)
	out = append(out, defaults(p)...)
	c := match.NewComparer(ctx)
	out = append(out, behindProbes(c, p)...)
	never := neverMatch(c, p)
	out = append(append(out, unreachable(c, p, never)...), never...)
	out = append(out, hiddenRoutes(c, p)...)
	if c.GaveUp() {
		out = append(out, Problem{
			Code: CodeUnchecked, Warning: true,
			Message: fmt.Sprintf("not all routes were compared with each other: that would take more than %d comparisons", match.MaxComparisons),
			Label:   "some routes may never be reached and have no warning",
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

// dumpsNever reports groups whose dump_on_stuck has nothing that says when a worker
// is stuck.
func dumpsNever(p *Plan) (out []Problem) {
	for _, group := range p.Groups {
		if !group.DumpOnStuck || group.SlowRequest > 0 {
			continue
		}
		out = append(out, Problem{
			Code:    CodeDumpNever,
			Message: fmt.Sprintf("group %q has `dump_on_stuck` and no `slow_request`, which says when a worker is stuck", group.Name),
			Label:   "add slow_request=\"5s\", or remove this",
			Lacks:   "slow_request",
			Place:   Place{Group: group, Argument: "dump_on_stuck"},
		})
	}
	return out
}

// idleQueues warns about settings of a queue in groups whose workers take every
// request at once.
func idleQueues(p *Plan) []Problem {
	const rest, label = "no `max_req_per_worker` or `limits`: requests wait only while it has no worker", "add max_req_per_worker=N, unless that is intended"
	var out []Problem
	for _, group := range p.Groups {
		if group.HasCap() {
			continue
		}
		if set := queueSettings(group); len(set) > 0 {
			out = append(out, Problem{
				Code: CodeIdleQueue, Warning: true,
				Message: fmt.Sprintf("group %q has `%s` and %s", group.Name, strings.Join(set, "`, `"), rest),
				Label:   label,
				Place:   Place{Group: group, Argument: set[0]},
			})
		}
		for i := range group.Routes {
			r := &group.Routes[i]
			if r.Override == nil || r.Override.Priority == nil {
				continue
			}
			out = append(out, Problem{
				Code: CodeIdleQueue, Warning: true,
				Message: fmt.Sprintf("route %s has a `priority`, and its group %q has %s", r, group.Name, rest),
				Label:   label,
				Place:   Place{Group: group, Route: r},
			})
		}
	}
	return out
}

// queueSettings returns the arguments of a group that control its queue and do
// not have their defaults.
func queueSettings(group *Group) (out []string) {
	for _, s := range []struct {
		argument string
		set      bool
	}{
		{"queue_limit", group.QueueLimit > 0},
		{"queue_timeout", group.QueueTimeout > 0},
		{"queue", group.Queue == DisciplineFIFO},
		{"priority", group.Priority != 0},
		{"fair", group.Fair != match.Key{}},
	} {
		if s.set {
			out = append(out, s.argument)
		}
	}
	return out
}

// onePriorities warns about groups whose priority is that of all their requests: it
// puts none before another, and says nothing about other groups.
func onePriorities(p *Plan) (out []Problem) {
	for _, group := range p.Groups {
		differs := func(r Route) bool { return r.Override.PriorityIn(group) != group.Priority }
		if group.Priority == 0 || !group.HasCap() || p.Router != nil || slices.ContainsFunc(group.Routes, differs) {
			continue
		}
		out = append(out, Problem{
			Code: CodeOnePriority, Warning: true,
			Message: fmt.Sprintf("all requests of group %q have its `priority`, %d, so that none goes before another", group.Name, group.Priority),
			Label:   "a priority counts only within a group: remove it, or give some requests another one with rule(…)",
			Place:   Place{Group: group, Argument: "priority"},
		})
	}
	return out
}

// parameters warns about globs with path parameters as frameworks write them.
func parameters(p *Plan) (out []Problem) {
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			if found := match.PathParameter(r.Matcher); found != "" {
				out = append(out, Problem{
					Code: CodeParameter, Warning: true,
					Message: fmt.Sprintf("route %s: in a glob, %s stands for the text %q and for nothing else", r.Matcher, found, strings.Trim(found, "{}")),
					Label:   "write * for a segment of a path",
					Place:   Place{Group: group, Route: r},
				})
			}
		}
	}
	return out
}

// literalGlobs warns about the paths of path and prefix that are written as globs:
// both words take them as they are.
func literalGlobs(p *Plan) (out []Problem) {
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			if word, text, advice := match.LiteralGlob(r.Matcher); word != "" {
				out = append(out, Problem{
					Code: CodeLiteralGlob, Warning: true,
					Message: fmt.Sprintf("route %s: `%s` is no glob, and takes %q as it is", r, word, text),
					Label:   "write " + advice,
					Place:   Place{Group: group, Route: r},
				})
			}
		}
	}
	return out
}

// regexes warns about route strings that are written as regular expressions.
func regexes(p *Plan) (out []Problem) {
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			if pattern, ok := r.Matcher.(*match.Pattern); ok && match.LooksRegular(pattern.Text) {
				out = append(out, Problem{
					Code: CodeRegex, Warning: true,
					Message: fmt.Sprintf("route %s looks like a regular expression, but a route string is a prefix or a glob", r.Matcher),
					Label:   fmt.Sprintf("write regex(r%q), unless it is meant as it is", "^"+pattern.Text),
					Place:   Place{Group: group, Route: r},
				})
			}
		}
	}
	return out
}

// defaults warns unless exactly one route takes the requests that no other
// takes.
func defaults(p *Plan) []Problem {
	var out []Problem
	var first Place
	all, covered := false, false // covered: a route other than "*" takes all
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			takesAll := match.TakesEveryPath(r.Matcher)
			all = all || takesAll
			covered = covered || takesAll && !r.IsDefault()
			switch {
			case !r.IsDefault():
			case p.Router != nil && !r.Pos.IsValid() && first.Group != nil:
				// Nobody wrote this route: the group is only for the router.
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
					Message: fmt.Sprintf("the \"*\" of group %q is never reached", group.Name),
					Label:   defaultLabel(r), Place: Place{Group: group, Route: r},
					Other: first, Said: fmt.Sprintf("group %q comes first and gets them all", first.Group.Name),
				})
			}
		}
	}
	if covered {
		return nil // every "*" is unreachable, which is reported elsewhere
	}
	if !all && len(p.Groups) > 0 {
		out = append(out, Problem{
			Code: CodeNoDefault, Warning: true,
			Message: "no group has the route \"*\": a request that no route takes gets 404",
			Label:   "add routes=[\"*\"] to one group, unless 404 is intended",
		})
	}
	return out
}

const hasDefault = "it has no `routes`, so it has the default [\"*\"]"

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
