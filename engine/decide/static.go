package decide

import (
	"slices"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// byPrefix returns statics in the order in which they are asked: the longest prefix
// first.
func byPrefix(statics []plan.Static) []*plan.Static {
	out := make([]*plan.Static, len(statics))
	for i := range statics {
		out[i] = &statics[i]
	}
	slices.SortStableFunc(out, func(a, b *plan.Static) int { return len(b.Prefix) - len(a.Prefix) })
	return out
}

// askStatics asks the first of some statics whose files the request may be for, and
// reports whether there is one.
func (d *Decider[T]) askStatics(r match.Request, o *Outcome[T], statics []*plan.Static) bool {
	if len(statics) == 0 {
		return false
	}
	path := r.Path()
	shared := unsafe.String(unsafe.SliceData(path), len(path)) // lives as long as this call
	readable := isReadable(r)
	for _, s := range statics {
		if _, below := s.Below(shared); !below || s.Fallthrough && !readable {
			continue
		}
		o.Static = s
		if !readable {
			o.Refusal = NotReadable
		}
		return true
	}
	return false
}

// isReadable reports whether a file can answer a request.
func isReadable(r match.Request) bool {
	switch string(r.Method()) {
	case "GET", "HEAD":
		return !r.Websocket()
	}
	return false
}

// Beyond decides about a request for which the static of an outcome has no file, and
// which goes on therefore: to the static with the next shorter prefix, or to the routes.
// The router is not asked again.
func (d *Decider[T]) Beyond(r match.Request, o Outcome[T]) Outcome[T] {
	next := slices.Index(d.statics, o.Static) + 1
	o.Static = nil
	if !d.askStatics(r, &o, d.statics[next:]) {
		d.askRoutes(r, &o)
	}
	return o
}

// DecideBeyond is like Decide, but for a request for which the statics with Fallthrough
// have no file. It also returns the first static that is asked; nil if none is.
func (x *Explainer) DecideBeyond(r match.Request) (o Outcome[string], asked *plan.Static) {
	o = x.Decide(r)
	asked = o.Static
	for o.Static != nil && o.Static.Fallthrough {
		o = x.Beyond(r, o)
	}
	return o, asked
}

// asks returns the statics that are asked for a file by a request, in order, as far as
// they have none.
func (x *Explainer) asks(r match.Request) (out []*plan.Static) {
	o := x.Decide(r)
	for o.Static != nil && o.Refusal != NotReadable {
		out = append(out, o.Static)
		if !o.Static.Fallthrough {
			break
		}
		o = x.Beyond(r, o)
	}
	return out
}
