package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Router decides about requests before the routes do: the function that a
// configuration names with router=.
type Router interface {
	// Route says what is to become of a request. Event loops call it, several
	// at a time. It keeps nothing of the request, and is done before a step
	// budget is; an error it has logged itself, and what follows from it is
	// for OnRouterError to say. A Group that it names is in the plan.
	Route(r match.Request) (Decision, error)
	// Name is that of the function, Pos where it is written.
	Name() string
	Pos() Pos
	// Digest is one of everything that the answers depend on, but for the
	// request and for Secrets. It does not change when code only moves.
	Digest() string
	Secrets() []string
}

// A Decision is what a Router says of one request. The zero Decision leaves
// it to the routes. It never changes, and may be that of many requests.
type Decision struct {
	Group           string       // "" = the routes find it
	RequestHeaders  []HeaderEdit // on the way to the group, after those of the plan and the group
	ResponseHeaders []HeaderEdit // of its answer, likewise
	Key             string       // the worker is chosen by; "" = as the group's sticky says
	Answer          *Answer      // nil, or what the client gets instead of an answer of any group
}

// An Answer is a complete one, which no worker has a part in.
type Answer struct {
	Status   int // 200 to 599
	Redirect bool
	Headers  []HeaderEdit // all of them HeaderAdd; none that ldcorn writes itself
	Body     []byte       // empty where the status has none
}

// HasBody reports whether an answer of a status has a body at all.
func HasBody(status int) bool { return status != 204 && status != 304 }

// OnRouterError says what becomes of a request that the router failed on.
type OnRouterError string

// What can become of it.
const (
	RouterReject   OnRouterError = "reject"   // 500
	RouterFallback OnRouterError = "fallback" // as if it had not been asked
)

// The bounds of router_steps, and of the time that a call may work for where
// single steps take long.
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
