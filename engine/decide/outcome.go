package decide

import (
	"net/http"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An Outcome says who answers a request: a group, or ldcorn itself with an
// Answer, a Refusal or a file of a Static. At most one of Answer and Refusal is not nil.
type Outcome[T any] struct {
	Group   T            // the zero T if ldcorn answers
	Route   *plan.Route  // the matching route; nil if none matches or the router decided
	Number  int          // of Route among all of the plan in the order written, from 0
	Static  *plan.Static // whose files answer; without Fallthrough also if it has no such file, or Refusal says why it does not answer
	Answer  *plan.Answer // a complete answer
	Refusal *Refusal     // the reason for an error answer
	Probe   Probe        // what the request asks of ldcorn itself, which decides before the router; only an Explainer sets it

	Router Routed // what the router decided
	Failed error  // why the router failed; on_router_error says whether the routes then decided

	// A router that names a group can also set these; see plan.Decision.
	Key, Fair                       string
	RequestHeaders, ResponseHeaders []plan.HeaderEdit

	// Override holds the settings of the route, or of the router if it named the
	// group; nil if there are none.
	Override *plan.Override
}

// Status returns the status of ldcorn's own answer, or 0 if a group answers, or a file.
func (o *Outcome[T]) Status() int {
	switch {
	case o.Answer != nil:
		return o.Answer.Status
	case o.Refusal != nil:
		return o.Refusal.Status
	}
	return 0
}

// Location returns the Location of ldcorn's own answer, or "". It does not
// reveal secrets, which are for the client only.
func (o *Outcome[T]) Location() string {
	if o.Answer == nil {
		return ""
	}
	for _, h := range o.Answer.Headers {
		if strings.EqualFold(h.Name, "location") {
			return h.Value.String()
		}
	}
	return ""
}

// ByRouter reports whether the router, not the routes, decided.
func (o *Outcome[T]) ByRouter() bool {
	switch o.Router {
	case RoutedGroup, RoutedRespond, RoutedRedirect:
		return true
	}
	return o.Refusal == RouterFailed
}

// A Refusal is the reason why neither a group nor an answer of the
// configuration applies to a request. The proxy composes the error answer.
type Refusal struct {
	Status int
	Reason string
}

// The refusals. They are read-only.
var (
	NoRoute      = &Refusal{http.StatusNotFound, "no route matches this path"}
	TooCostly    = &Refusal{http.StatusRequestHeaderFieldsTooLarge, "the request head is too long for this many route patterns"}
	NotReadable  = &Refusal{http.StatusMethodNotAllowed, "a file can only be read: the method must be GET or HEAD"}
	RouterFailed = &Refusal{http.StatusInternalServerError, "the router failed on this request"}
)

// Routed is what a router decided about a request, in one word for logs and
// metrics; "" if there is no router.
type Routed string

// The decisions of a router.
const (
	RoutedNone     Routed = "none"     // it left the decision to the routes
	RoutedGroup    Routed = "group"    // it named a group
	RoutedRespond  Routed = "respond"  // it answered
	RoutedRedirect Routed = "redirect" // it answered with a redirect
	RoutedError    Routed = "error"    // it failed
)
