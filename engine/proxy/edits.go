package proxy

import (
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// An editor changes the fields of one head: first with the edits of the plan, then
// with those of the group, then with those that a router added to the request. The zero editor changes nothing.
type editor [editors][]plan.HeaderEdit

// The parts of an editor, in the order in which they apply.
const (
	editsOfPlan = iota
	editsOfGroup
	editsOfRequest
	editors
)

// setEdits sets the edits of the plan and of a group for the request and its
// answer. The edits of the request itself stay.
func (r *Request) setEdits(set *plan.Group) {
	p := r.snap.Plan
	r.strip = set.StripPrefix
	r.toWorker[editsOfPlan], r.toWorker[editsOfGroup] = p.RequestHeaders, set.RequestHeaders
	r.toClient[editsOfPlan], r.toClient[editsOfGroup] = p.ResponseHeaders, set.ResponseHeaders
}

// isEmpty reports whether the editor changes nothing.
func (e *editor) isEmpty() bool {
	return len(e[editsOfPlan])|len(e[editsOfGroup])|len(e[editsOfRequest]) == 0
}

// append appends the fields that are forwarded (http1.AppendForwardable) after the
// edits, and then the fields that the edits add.
//
// An edit also changes fields with "_" instead of "-" in the name, so that an app
// cannot confuse a client's X_User with the X-User of an edit. (In answers this
// does not matter.)
func (e *editor) append(out []byte, fields []head.Field, skip head.KindSet) []byte {
	if e.isEmpty() {
		return http1.AppendForwardable(out, fields, skip)
	}
	from := 0 // start of the unchanged fields
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

// replacedAfter reports whether an edit after the one at i, j removes what that
// one added.
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
