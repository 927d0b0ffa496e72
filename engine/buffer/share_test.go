package buffer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// fourPages are Limits of which a client gets two pages.
var fourPages = Limits{Memory: 32 * pageSize / 3}

const client = "192.0.2.1"

// filled returns a Buffer of the client with n bytes.
func filled(t *testing.T, s *Space, n int) *Buffer {
	t.Helper()
	b := new(Buffer)
	b.Init(s, 1<<20, netip.MustParseAddr(client))
	got, _ := b.Append(newTask(), make([]byte, n))
	require.Equal(t, n, got)
	return b
}

// A waits is a call of AwaitShare.
type waits struct {
	*task
	over  Over
	ended chan error
}

// await calls AwaitShare for a Buffer, and returns once it waits.
func await(t *testing.T, b *Buffer, patience time.Duration) *waits {
	t.Helper()
	require.Equal(t, ErrShare, b.Full())
	w := &waits{task: newTask(), ended: make(chan error, 1)}
	go func() { w.ended <- b.AwaitShare(w.task, patience, &w.over) }()
	soon(t, func() bool { return inLine(b.space, w.task) || len(w.ended) > 0 }, "it does not wait")
	return w
}

// inLine reports whether a task waits for the share of its client.
func inLine(s *Space, t *task) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		for e := l.waiters.Front(); e != nil; e = e.Next() {
			if e.Value.(*waiter).task == t {
				return true
			}
		}
	}
	return false
}

// TestAwaitShare checks that the Buffers of a client wait until it has given back
// room, in their order.
func TestAwaitShare(t *testing.T) {
	s := space(t, fourPages)
	held := filled(t, s, 2*pageSize)
	one, two := filled(t, s, 0), filled(t, s, 0)
	first, second := await(t, one, time.Hour), await(t, two, time.Hour)
	held.Discard(0)
	assert.Empty(t, first.ended)
	held.Release()
	assert.NoError(t, <-first.ended)
	assert.NoError(t, <-second.ended)
	assert.Empty(t, s.lines)
	one.Release()
	two.Release()
}

// TestAwaitShare_Alone checks that a client does not wait for its only body, nor for
// bodies that wait as well. One at a time is kept beyond the share.
func TestAwaitShare_Alone(t *testing.T) {
	s := space(t, fourPages)
	one, two := filled(t, s, pageSize), filled(t, s, pageSize)
	first := await(t, one, time.Hour)
	assert.Empty(t, first.ended, "the other body can still be worked on")
	second := await(t, two, time.Hour)
	assert.NoError(t, <-first.ended)
	assert.Empty(t, second.ended)
	n, err := one.Append(newTask(), make([]byte, 3*pageSize))
	require.NoError(t, err, "it is kept beyond the share")
	assert.Equal(t, 3*pageSize, n)
	assert.Equal(t, ErrFull, one.AwaitShare(newTask(), time.Hour, &first.over), "it does not wait again")
	third := await(t, filled(t, s, 0), time.Hour)
	first.over.End()
	first.over.End()
	assert.NotEmpty(t, s.of, "the body of the first still is there")
	assert.Empty(t, second.ended)
	one.Release()
	assert.NoError(t, <-second.ended)
	third.cut <- netloop.ErrGone
	if err := <-third.ended; err != nil { // there may have been room for it as well
		assert.Equal(t, netloop.ErrGone, err)
	}
	two.Release()

	only := filled(t, s, 2*pageSize)
	alone := await(t, only, time.Hour)
	assert.NoError(t, <-alone.ended)
	alone.over.End()
	only.Release()
}

// TestAwaitShare_Late checks that nobody waits for ever.
func TestAwaitShare_Late(t *testing.T) {
	s := space(t, fourPages)
	held, b := filled(t, s, 2*pageSize), filled(t, s, 0)
	assert.Equal(t, netloop.ErrTimeout, <-await(t, b, time.Millisecond).ended)
	w := await(t, b, time.Hour)
	w.cut <- netloop.ErrStopped
	assert.Equal(t, netloop.ErrStopped, <-w.ended)
	held.Release()
	assert.NoError(t, b.Full())
}

// fillUp has other clients hold all the memory that there is.
func fillUp(t *testing.T, s *Space) []*Buffer {
	t.Helper()
	var all []*Buffer
	for n := 1; n > 0; {
		b := new(Buffer)
		b.Init(s, 1<<20, netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + len(all))}))
		n, _ = b.Append(newTask(), make([]byte, 2*pageSize))
		all = append(all, b)
	}
	assert.Equal(t, ErrShare, all[0].Full(), "its own share comes first")
	return all
}

// TestAwaitShare_Others checks that at the bounds of all, the first body of a client
// goes on at once, and others take turns with it, until there is room again.
func TestAwaitShare_Others(t *testing.T) {
	s := space(t, fourPages)
	others := fillUp(t, s)
	first, second := await(t, filled(t, s, 0), time.Hour), await(t, filled(t, s, 0), time.Hour)
	third := await(t, filled(t, s, 0), time.Hour)
	assert.Equal(t, ErrFull, <-first.ended)
	assert.Empty(t, second.ended)
	first.over.End()
	assert.Equal(t, ErrFull, <-second.ended)
	assert.Empty(t, third.ended)
	release(others...)
	assert.NoError(t, <-third.ended)
	second.over.End()
	assert.Empty(t, s.of)
}

// TestAwaitShare_OthersKept checks that a body does not go on beside another of its
// client that is kept, but beside an answer.
func TestAwaitShare_OthersKept(t *testing.T) {
	s := space(t, fourPages)
	kept := filled(t, s, 1)
	others := fillUp(t, s)
	waits := await(t, filled(t, s, 0), time.Hour)
	assert.Empty(t, waits.ended)
	kept.Release()
	require.NoError(t, <-waits.ended)
	release(others...)

	all := answers(t, s, 1)
	others = fillUp(t, s)
	waits = await(t, filled(t, s, 0), time.Hour)
	assert.Equal(t, ErrFull, <-waits.ended)
	waits.over.End()
	release(append(others, all...)...)
}

// TestAwaitShare_OthersLate checks that nobody waits for ever for what others hold.
func TestAwaitShare_OthersLate(t *testing.T) {
	s := space(t, fourPages)
	others := fillUp(t, s)
	first := await(t, filled(t, s, 0), time.Hour)
	assert.Equal(t, ErrFull, <-first.ended)
	assert.Equal(t, netloop.ErrTimeout, <-await(t, filled(t, s, 0), time.Millisecond).ended)
	var b Buffer
	b.Init(s, 1<<20, netip.Addr{})
	assert.Equal(t, ErrFull, b.AwaitShare(newTask(), time.Hour, new(Over)), "nobody's body")
	first.over.End()
	release(others...)
}

// TestAwaitShare_NoDisk checks that bodies do not take turns where there is no disk to
// use, and that they do on one that fails.
func TestAwaitShare_NoDisk(t *testing.T) {
	s := space(t, Limits{Memory: 1 << 20})
	one, two := filled(t, s, InMemory), filled(t, s, InMemory)
	assert.Equal(t, ErrFull, one.Full())
	assert.Equal(t, ErrFull, two.AwaitShare(newTask(), time.Hour, new(Over)))
	release(one, two)

	d := newFakeDisk()
	s, _ = spaceOn(t, d, Limits{Memory: 1 << 20, Disk: 1 << 20, Files: 16})
	s.mu.Lock()
	s.folder.retry, s.folder.broken = time.Now().Add(time.Hour), RefusedFailed
	s.mu.Unlock()
	one, two = filled(t, s, InMemory), filled(t, s, InMemory)
	first, second := await(t, one, time.Hour), await(t, two, time.Hour)
	assert.Equal(t, ErrFull, <-first.ended, "all that the client has waits")
	assert.Empty(t, second.ended)
	one.Release()
	first.over.End()
	assert.Equal(t, ErrFull, <-second.ended)
	second.over.End()
	two.Release()
}

// TestAwaitShare_Tiny checks that a share in which nothing fits makes nobody wait.
func TestAwaitShare_Tiny(t *testing.T) {
	s := space(t, Limits{Memory: 4 << 10})
	assert.Equal(t, ErrFull, filled(t, s, 0).Full())
}

// TestShare_Least checks the least memory in which a client's body can go to a file,
// below which engine/plan warns.
func TestShare_Least(t *testing.T) {
	for memory, fits := range map[int64]bool{384 << 10: true, 384<<10 - 1: false} {
		s, _ := spaceOn(t, newFakeDisk(), Limits{Memory: memory, Disk: 1 << 30, Files: 16})
		var b Buffer
		b.Init(s, 10<<20, netip.MustParseAddr(client))
		_, err := b.Append(newTask(), make([]byte, 1<<20))
		assert.Equal(t, fits, err == nil, "%d", memory)
		b.Release()
	}
}
