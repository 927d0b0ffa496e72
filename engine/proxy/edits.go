package proxy

import (
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// An editor changes the fields of one head: by the edits of the plan, then by
// those of the group, and then by those of the request itself, which a router
// may have added. The zero editor changes nothing.
type editor [editors][]plan.HeaderEdit

// The parts of an editor, in the order in which they apply.
const (
	editsOfPlan = iota
	editsOfGroup
	editsOfRequest
	editors
)

// setEdits makes what the plan and a group change of a request and its answer
// part of the request, beside the edits of the request itself.
func (r *Request) setEdits(set *plan.Group) {
	p := r.snap.Plan
	r.strip = set.StripPrefix
	r.toWorker[editsOfPlan], r.toWorker[editsOfGroup] = p.RequestHeaders, set.RequestHeaders
	r.toClient[editsOfPlan], r.toClient[editsOfGroup] = p.ResponseHeaders, set.ResponseHeaders
}

// isEmpty reports whether nothing is changed.
func (e *editor) isEmpty() bool {
	return len(e[editsOfPlan])|len(e[editsOfGroup])|len(e[editsOfRequest]) == 0
}

// append writes the fields that are forwarded (http1.AppendForwardable) as
// the edits leave them, and those that the edits write behind them.
//
// An edit changes a field whose name has "_" in place of "-" as well, so that
// no client can have an app take its X_User for the X-User of an edit. (In
// answers that does not matter.)
func (e *editor) append(out []byte, fields []head.Field, skip head.KindSet) []byte {
	if e.isEmpty() {
		return http1.AppendForwardable(out, fields, skip)
	}
	from := 0 // of the fields that go unchanged
	for i := range fields {
		if e.replaces(fields[i].Name) {
			out = http1.AppendForwardable(out, fields[from:i], skip)
			from = i + 1
		}
	}
	out = http1.AppendForwardable(out, fields[from:], skip)
	for i := range e {
		for j := range e[i] {
			if edit := &e[i][j]; edit.Writes() && !e.replacedAfter(i, j, edit.Lower()) {
				out = http1.AppendField(out, edit.Name, edit.Value.Reveal())
			}
		}
	}
	return out
}

// replaces reports whether an edit removes the fields of a name.
func (e *editor) replaces(name []byte) bool {
	for i := range e {
		for j := range e[i] {
			if edit := &e[i][j]; edit.Replaces() && head.EqualFolded(name, edit.Lower()) {
				return true
			}
		}
	}
	return false
}

// replacedAfter reports whether an edit behind that at i, j removes what it
// wrote.
func (e *editor) replacedAfter(i, j int, lower string) bool {
	for j++; i < editors; i, j = i+1, 0 {
		for ; j < len(e[i]); j++ {
			if edit := &e[i][j]; edit.Replaces() && edit.Lower() == lower {
				return true
			}
		}
	}
	return false
}
