package buffer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

var clientAddr = netip.MustParseAddr(client)

// answers returns n answers of a client of half a page each, which need one.
func answers(t *testing.T, s *Space, n int) []*Buffer {
	t.Helper()
	var all []*Buffer
	for range n {
		b := new(Buffer)
		b.InitAnswer(s, 1<<20, clientAddr)
		_, err := b.Append(newTask(), make([]byte, pageSize/2))
		require.NoError(t, err)
		all = append(all, b)
	}
	return all
}

func release(all ...*Buffer) {
	for _, b := range all {
		b.Release()
	}
}

// queue calls AwaitTurn, and returns once it waits.
func queue(t *testing.T, s *Space, patience time.Duration) *waits {
	t.Helper()
	w := &waits{task: newTask(), ended: make(chan error, 1)}
	before := s.Stats().Waiting
	go func() { w.ended <- s.AwaitTurn(w.task, clientAddr, patience) }()
	soon(t, func() bool { return s.Stats().Waiting > before || len(w.ended) > 0 }, "it does not wait")
	return w
}

// eightPages are Limits of which a client gets eight pages.
var eightPages = Limits{Memory: 128 * pageSize / 3}

// TestAwaitTurn checks that the requests of a client wait while it has its share in
// answers: one goes on when it has taken some, all when it has taken half of them.
func TestAwaitTurn(t *testing.T) {
	s := space(t, eightPages)
	held := answers(t, s, 7)
	assert.False(t, s.Owes(clientAddr))
	assert.False(t, s.HoldsBack(clientAddr))
	assert.NoError(t, s.AwaitTurn(nil, clientAddr, 0))
	held = append(held, answers(t, s, 3)...) // in progress
	assert.True(t, s.Owes(clientAddr))
	assert.False(t, s.Owes(netip.MustParseAddr("192.0.2.2")))
	assert.EqualValues(t, 10*pageSize, s.Stats().Memory, "beyond the share")

	var all []*waits
	for range 5 {
		all = append(all, queue(t, s, time.Hour))
	}
	release(held[:2]...)
	assert.True(t, s.Owes(clientAddr))
	assert.Empty(t, all[0].ended)
	release(held[2])
	assert.NoError(t, <-all[0].ended)
	assert.False(t, s.Owes(clientAddr))
	assert.True(t, s.HoldsBack(clientAddr), "nobody overtakes")
	assert.Empty(t, all[1].ended)
	all[2].cut <- netloop.ErrGone
	assert.Equal(t, netloop.ErrGone, <-all[2].ended)
	assert.Empty(t, all[1].ended)
	release(held[3])
	assert.NoError(t, <-all[1].ended)
	assert.Empty(t, all[3].ended)
	release(held[4:7]...)
	assert.NoError(t, <-all[3].ended)
	assert.NoError(t, <-all[4].ended)
	release(held[7:]...)
	assert.Zero(t, s.Stats().Waiting)
	assert.Empty(t, s.gates)
	assert.Zero(t, s.gated.Load())
}

// TestAwaitTurn_Late checks that nobody waits for ever.
func TestAwaitTurn_Late(t *testing.T) {
	s := space(t, eightPages)
	held := answers(t, s, 8)
	assert.Equal(t, netloop.ErrTimeout, <-queue(t, s, time.Millisecond).ended)
	w := queue(t, s, time.Hour)
	w.cut <- netloop.ErrStopped
	assert.Equal(t, netloop.ErrStopped, <-w.ended)
	release(held...)
	assert.Empty(t, s.gates)
}

// TestAwaitTurn_Bodies checks that bodies that wait hold no requests back, and that a
// client that has its share in answers waits with bodies, too.
func TestAwaitTurn_Bodies(t *testing.T) {
	s := space(t, fourPages)
	body := filled(t, s, 2*pageSize)
	assert.False(t, s.HoldsBack(clientAddr))
	all := answers(t, s, 1)
	assert.False(t, s.Owes(clientAddr))
	all = append(all, answers(t, s, 1)...)
	assert.True(t, s.Owes(clientAddr))
	assert.Equal(t, ErrShare, body.Full())
	release(append(all, body)...)
}

// TestAnswer_LastPart checks that answers beyond the share of their client leave
// room for those of others.
func TestAnswer_LastPart(t *testing.T) {
	s := space(t, fourPages) // and four times as many for all
	all := answers(t, s, 6)
	var b, other Buffer
	b.InitAnswer(s, 1<<20, clientAddr)
	_, err := b.Append(newTask(), make([]byte, 1))
	assert.Equal(t, ErrShare, err)
	other.InitAnswer(s, 1<<20, netip.MustParseAddr("192.0.2.2"))
	_, err = other.Append(newTask(), make([]byte, 2*pageSize))
	assert.NoError(t, err)
	release(append(all, &b, &other)...)
}

// TestAwaitTurn_Reload checks that a client that has no more than a new share goes on.
func TestAwaitTurn_Reload(t *testing.T) {
	s := space(t, eightPages)
	held := answers(t, s, 8)
	first, second := queue(t, s, time.Hour), queue(t, s, time.Hour)
	s.Configure(Limits{Memory: 4 * eightPages.Memory})
	assert.NoError(t, <-first.ended)
	assert.NoError(t, <-second.ended)
	release(held...)
}
