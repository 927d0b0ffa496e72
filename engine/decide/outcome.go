package decide

import (
	"net/http"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An Outcome is who answers a request: a group, or ldcorn itself with an
// Answer or a Refusal, of which one at most is not nil.
type Outcome[T any] struct {
	Group   T            // the zero T where ldcorn answers
	Route   *plan.Route  // the route that takes the request; nil where none does or the router has decided
	Answer  *plan.Answer // a complete answer
	Refusal *Refusal     // the reason for an error answer

	Router Routed // what the router said
	Failed error  // why the router failed; the routes may have decided then, as on_router_error says

	// What a router that names a group may add to it, as in plan.Decision.
	Key                             string
	RequestHeaders, ResponseHeaders []plan.HeaderEdit
}

// Status is the status of ldcorn's own answer, or 0 where a group answers.
func (o *Outcome[T]) Status() int {
	switch {
	case o.Answer != nil:
		return o.Answer.Status
	case o.Refusal != nil:
		return o.Refusal.Status
	}
	return 0
}

// Location is the Location of ldcorn's own answer, or "". A secret in it is
// not revealed: it is for the client only.
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

// ByRouter reports whether the router has decided, and not the routes.
func (o *Outcome[T]) ByRouter() bool {
	switch o.Router {
	case RoutedGroup, RoutedRespond, RoutedRedirect:
		return true
	}
	return o.Refusal == RouterFailed
}

// A Refusal is the reason why no group and no answer of the configuration is
// there for a request. The proxy composes the error answer.
type Refusal struct {
	Status int
	Reason string
}

// The refusals. Only read.
var (
	NoRoute      = &Refusal{http.StatusNotFound, "no route matches this path"}
	TooCostly    = &Refusal{http.StatusRequestHeaderFieldsTooLarge, "the request head is too long for as many patterns of routes"}
	RouterFailed = &Refusal{http.StatusInternalServerError, "the router failed on this request"}
)

// Routed is what a router said of a request, in one word, for logs and
// metrics; "" where there is no router.
type Routed string

// What a router may say.
const (
	RoutedNone     Routed = "none"     // the routes find the group
	RoutedGroup    Routed = "group"    // it has named one
	RoutedRespond  Routed = "respond"  // it has answered
	RoutedRedirect Routed = "redirect" // likewise, with a redirect
	RoutedError    Routed = "error"    // it has failed
)
