package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSessionsOfRetiredWorkersAreForgotten(t *testing.T) {
	p := New(&plan.Group{Name: "p"})
	ws := addWorkers(p, 2)
	ws[0].LearnSession([]byte("a"))
	ws[1].LearnSession([]byte("b"))
	w, _ := p.Bonds().Find([]byte("a"))
	assert.Same(t, ws[0], w)

	p.Swap(nil, ws[:1])
	_, ok := p.Bonds().Find([]byte("a"))
	assert.False(t, ok)
	ws[0].LearnSession([]byte("c"))
	_, ok = p.Bonds().Find([]byte("c"))
	assert.False(t, ok, "an answer that comes late")

	ws[1].Expel()
	p.Swap(nil, ws[1:])
	assert.Zero(t, p.Bonds().Stats().Known)
}

// TestSessionIsNotTakenOver: an app that repeats the id of another client's
// session on another worker takes nothing from that client. A retired worker has
// no sessions to keep.
func TestSessionIsNotTakenOver(t *testing.T) {
	p := New(&plan.Group{Name: "p"})
	ws := addWorkers(p, 3)
	id := []byte("victim")
	home := func() *Worker {
		w, _ := p.Bonds().Find(id)
		return w
	}
	ws[0].LearnSession(id)
	ws[1].LearnSession(id)
	assert.Same(t, ws[0], home())

	p.swap(nil, ws[:1]) // its sessions are not yet forgotten
	ws[1].LearnSession(id)
	assert.Same(t, ws[1], home())
	ws[0].LearnSession(id)
	assert.Same(t, ws[1], home())
	p.Bonds().Forget(ws[0])
	assert.Same(t, ws[1], home())

	p.Swap(nil, ws[1:2])
	ws[2].LearnSession(id)
	assert.Same(t, ws[2], home())
}

// TestSessionsOfAnotherKind: a reload that changes where ids are found forgets
// those that it knows, and no other reload does.
func TestSessionsOfAnotherKind(t *testing.T) {
	set := plan.Group{Name: "p", Sticky: plan.Sticky{Session: plan.Session{In: plan.SessionHeader, Name: "a"}}}
	p := New(&set)
	addWorkers(p, 1)[0].LearnSession([]byte("x"))
	next := set
	next.MaxReqPerWorker = 3
	p.Configure(&next)
	assert.Equal(t, 1, p.Bonds().Stats().Known)
	last := next
	last.Sticky.Session.Name = "b"
	p.Configure(&last)
	assert.Zero(t, p.Bonds().Stats().Known)
}
