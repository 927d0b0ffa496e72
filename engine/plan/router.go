package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Router decides about requests before the routes do. It is the function that
// a configuration sets as router=.
type Router interface {
	// Route decides about a request. Event loops call it, several at a time. It
	// keeps no reference to the request and ends within its step budget. It has
	// already logged an error that it returns; OnRouterError says what follows
	// from one. A Group in the Decision is always in the plan.
	Route(r match.Request) (Decision, error)
	// Name returns the name of the function, Pos its position.
	Name() string
	Pos() Pos
	// Digest returns a digest of everything that the decisions depend on,
	// except for the request and Secrets. It does not change if code only
	// moves.
	Digest() string
	Secrets() []string
}

// A Decision is what a Router decides about one request. The zero Decision
// leaves the request to the routes. A Decision never changes, and many requests
// may share one.
type Decision struct {
	Group           string       // "" means the routes find it
	RequestHeaders  []HeaderEdit // applied to the request, after those of the plan and the group
	ResponseHeaders []HeaderEdit // applied to the answer, after those of the plan and the group
	Key             string       // chooses the worker; "" means that the group's sticky does
	Fair            string       // takes turns with other keys in a group with fair; "" means that the group's fair finds the key
	Override        *Override    // settings for the request; nil if there are none
	Answer          *Answer      // if not nil, what the client gets instead of a group's answer
}

// An Answer is a complete answer, in which no worker is involved.
type Answer struct {
	Status   int // 200 to 599
	Redirect bool
	Headers  []HeaderEdit // all HeaderAdd; none that ldcorn writes itself
	Body     []byte       // empty if the status allows none
}

// HasBody reports whether an answer with a status has a body.
func HasBody(status int) bool { return status != 204 && status != 304 }

// An OnRouterError says what happens to a request on which the router failed.
type OnRouterError string

// The possible values.
const (
	RouterReject   OnRouterError = "reject"   // the request gets 500
	RouterFallback OnRouterError = "fallback" // the routes decide, as if there were no router
)

// The bounds of router_steps, and of the time that a call may take if single
// steps take long.
const (
	MaxRouterSteps = 1_000_000
	MaxRouterTime  = 100 * time.Millisecond
)

const shownDigest = 8 // characters

func showRouter(r Router) string {
	if r == nil {
		return "None"
	}
	digest := r.Digest()
	return fmt.Sprintf("%s (%s, code %s)", r.Name(), r.Pos(), digest[:min(len(digest), shownDigest)])
}

func sameRouter(a, b Router) bool {
	return routerDigest(a) == routerDigest(b) && slices.Equal(routerSecrets(a), routerSecrets(b))
}

func routerDigest(r Router) string {
	if r == nil {
		return ""
	}
	return r.Digest()
}

func routerSecrets(r Router) []string {
	if r == nil {
		return nil
	}
	return r.Secrets()
}
