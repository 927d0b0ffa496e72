package plan

// An Override holds settings for single requests, from rule(…) in routes or
// to(…) of a router. They take the place of the group's. A nil field leaves the
// setting to the group. An Override never changes, and many requests share one.
//
// A nil *Override has no settings; its methods return those of the group.
type Override struct {
	RequestBuffer *int64 // bytes
	Priority      *int
}

// RequestBufferSize returns how many bytes of the body of a request of group g
// are taken in before a slot is asked for.
func (o *Override) RequestBufferSize(g *Group) int64 {
	if o != nil && o.RequestBuffer != nil {
		return *o.RequestBuffer
	}
	return g.RequestBufferSize()
}

// PriorityIn returns the priority of a request of group g.
func (o *Override) PriorityIn(g *Group) int {
	if o != nil && o.Priority != nil {
		return *o.Priority
	}
	return g.Priority
}

// OverrideAttributes lists the settings that rule and to have in common. None,
// the default of each, leaves the setting to the group.
var OverrideAttributes = byName([]Attribute[Override]{
	optional(Attribute[Override]{Name: "request_buffer", Type: "size | None", Unit: "bytes", Rule: "0 = no buffer",
		Doc:        "How much of the body the master takes in before it asks for a free process. None means the group's `request_buffer`. An app that answers before it has read the body, or talks in both directions, needs 0.",
		OtherNames: []string{"request_buffering", "proxy_request_buffering", "client_body_buffer_size", "body_buffer", "buffer"}},
		0, 0, func(n int64) string { return Bytes(n).String() }, func(o *Override) **int64 { return &o.RequestBuffer }),
	optional(Attribute[Override]{Name: "priority", Type: "int | None", Rule: "-100 to 100",
		Doc:        "The priority of the request while it waits. None means the group's `priority`.",
		OtherNames: []string{"prio", "weight", "importance"}},
		LeastPriority, MostPriority, func(n int) string { return show(n) }, func(o *Override) **int { return &o.Priority }),
})

// Settings returns the settings as arguments of a call, such as "priority=5",
// in the order of OverrideAttributes.
func (o *Override) Settings() (out []string) {
	if o == nil {
		return nil
	}
	for _, a := range OverrideAttributes {
		if text := a.Show(o); text != "None" {
			out = append(out, a.Name+"="+text)
		}
	}
	return out
}

// optional completes the entry for a plain value that can be None.
func optional[T any, V comparable](a Attribute[T], low, high int, show func(V) string, place func(*T) **V) Attribute[T] {
	a.Default, a.Effect = "None", EffectProxy
	a.Scalar = &Scalar[T]{low, high, func(t *T) any { return place(t) }}
	a.Show = func(t *T) string {
		if v := *place(t); v != nil {
			return show(*v)
		}
		return "None"
	}
	a.Same = func(x, y *T) bool { return a.Show(x) == a.Show(y) }
	a.Copy = func(to, from *T) { *place(to) = *place(from) }
	return a
}
