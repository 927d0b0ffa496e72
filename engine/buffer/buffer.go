// Package buffer keeps bodies of requests and answers while somebody is not ready
// for them: the body of a request that has no slot yet, and an answer that its
// client takes slowly. The first 64 KiB of each are in memory, and the rest in a
// file without a name. A Space bounds what all of them hold.
package buffer

import (
	"errors"
	"io"
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

const (
	pageSize = 16 << 10
	// smallSize is the size of the first page of a Buffer, as long as that holds all of
	// it: most bodies are small.
	smallSize = 2 << 10
	// memoryPages is how many pages of one Buffer are in memory, apart from those
	// on their way to its file: 64 KiB.
	memoryPages = 4

	// InMemory is how many bytes a Buffer keeps in memory.
	InMemory = memoryPages * pageSize
)

type (
	page      [pageSize]byte
	smallPage [smallSize]byte
)

var (
	// ErrFull says that a bound is reached, that of the Buffer or one of its Space,
	// or that the disk fails or takes too long. Whoever gets it goes on without the
	// Buffer; the bytes in it are still there.
	ErrFull = errors.New("buffer is full")
	// ErrShare says that the client has its share of the Space, or that a body of a
	// request has found another bound, at which those of a client take turns.
	// AwaitShare waits until it can go on. The bytes in the Buffer are still there.
	ErrShare = errors.New("the client has its share of the buffers")
	// errDiscarded says that the caller has discarded the bytes that it reads.
	errDiscarded = errors.New("buffer: read of discarded bytes")
)

// A Buffer holds bytes of one body, in the order in which they came. An offset
// counts from the first byte appended. One task uses a Buffer at a time. The zero
// Buffer is empty, and ready after Init.
type Buffer struct {
	space *Space
	account
	max    int64
	start  int64              // the bytes before it are discarded
	end    int64              // the offset behind the last byte
	memory [memoryPages]*page // the byte at an offset is in the page offset/pageSize, modulo memoryPages
	small  *smallPage         // has the bytes before smallSize, rather than memory; mostly nil
	spill  *spill             // the bytes behind those; nil unless there have been any
	inUse  bool               // it holds something of the Space; guarded by Space.mu
}

// Init makes an empty Buffer ready for the body of a request. It holds at most max
// bytes of a client, whose address bounds its share of the Space. The zero Addr has
// no bound of its own.
func (b *Buffer) Init(s *Space, max int64, client netip.Addr) {
	*b = Buffer{space: s, account: account{owner: ownerOf(client)}, max: max}
}

// InitAnswer is Init for an answer to a client. It may be kept beyond the client's
// share, but then the client's requests wait in AwaitTurn.
func (b *Buffer) InitAnswer(s *Space, max int64, client netip.Addr) {
	b.Init(s, max, client)
	b.answer = true
}

// Append appends p. It returns how many bytes it has taken, which is less than
// len(p) only with an error, as of Room.
func (b *Buffer) Append(t netloop.Task, p []byte) (int, error) {
	taken := 0
	for len(p) > 0 {
		room, err := b.Room(t)
		if err != nil {
			return taken, err
		}
		n := copy(room, p)
		b.Grew(n)
		p, taken = p[n:], taken+n
	}
	return taken, nil
}

// Room returns space behind the last byte, at least one byte of it. Grew says how
// many bytes were put there. Room fails with ErrFull, or an error of
// netloop.Task.Park: it may wait for the disk, but not long for one that makes no
// progress. It never blocks the loop of t.
func (b *Buffer) Room(t netloop.Task) ([]byte, error) {
	left := b.max - (b.end - b.start)
	if left <= 0 {
		return nil, ErrFull
	}
	room, tight := b.memoryRoom()
	if room == nil {
		var err error
		if room, err = b.spillRoom(t, tight); err != nil {
			return nil, err
		}
	}
	return room[:min(int64(len(room)), left)], nil
}

// Grew says that the next n bytes are in the space that Room has returned.
func (b *Buffer) Grew(n int) { b.end += int64(n) }

// Full returns the error that Room would fail with now, so that nobody waits for
// bytes that there is no room for: ErrFull, ErrShare or nil. It may be wrong about a
// disk.
func (b *Buffer) Full() error {
	b.space.mu.Lock()
	defer b.space.mu.Unlock()
	tight, why := b.lack()
	if why == "" {
		return nil
	}
	return b.space.refused(b, tight, why)
}

// Reasons that nobody counts.
const (
	isMax     Reason = "max"    // the Buffer has as many bytes as it may
	hasFailed Reason = "broken" // its disk has failed before
)

// lack returns why there is no room, or "". tight is why the memory is not used. The
// caller holds the lock of the Space.
func (b *Buffer) lack() (tight, why Reason) {
	if b.end-b.start >= b.max {
		return "", isMax
	}
	sp, s := b.spill, b.space
	if sp != nil && sp.used {
		switch {
		case sp.failed:
			return "", hasFailed
		case b.end-sp.tailAt < pageSize:
			return "", ""
		}
		return "", s.noTail(b.account, "", 1)
	}
	if slot := b.slot(); slot != nil {
		if *slot != nil || b.small != nil && b.end < smallSize {
			return "", ""
		}
		if tight = s.tight(b.account, b.pageNeeds(), s.memoryLimit()); tight == "" {
			return "", ""
		}
	}
	switch {
	case sp == nil:
		if why = s.noFile(b.account, tight); why != "" {
			return tight, why
		}
	case sp.failed:
		return tight, hasFailed
	}
	return tight, s.noTail(b.account, tight, 1)
}

// memoryRoom returns space behind the last byte in a page that stays in memory, or
// nil. Then tight is the bound that is reached; "" if the Buffer has as many such
// pages as it may.
func (b *Buffer) memoryRoom() (room []byte, tight Reason) {
	if b.spill != nil && b.spill.used {
		return nil, ""
	}
	slot := b.slot()
	if slot == nil {
		return nil, ""
	}
	if *slot == nil {
		if b.end < smallSize {
			if b.small == nil {
				b.small, tight = b.space.takeSmall(b)
			}
			if b.small != nil {
				return b.small[b.end:], ""
			}
			return nil, tight
		}
		if *slot, tight = b.space.takePage(b, b.pageNeeds()); tight != "" {
			return nil, tight
		}
		if b.small != nil {
			copy((*slot)[:], b.small[:])
			b.space.smalls.Put(b.small)
			b.small = nil
		}
	}
	return (*slot)[b.end%pageSize:], ""
}

// pageNeeds returns how much memory the next page adds.
func (b *Buffer) pageNeeds() int64 {
	switch {
	case b.small != nil:
		return pageSize - smallSize // which it replaces
	case b.end < smallSize:
		return smallSize
	}
	return pageSize
}

// slot returns the place of the page behind the last byte, or nil if no page more is
// to stay in memory.
func (b *Buffer) slot() **page {
	at := b.end / pageSize
	if at >= b.start/pageSize+memoryPages {
		return nil
	}
	return &b.memory[at%memoryPages]
}

// ReadAt reads bytes from an offset into p: fewer than len(p) if that is what can
// be read at once. At the end it returns io.EOF. It may wait for the disk, and then
// fails with an error of the disk or of netloop.Task.Park. It never blocks the loop
// of t.
func (b *Buffer) ReadAt(t netloop.Task, p []byte, off int64) (int, error) {
	switch {
	case off < b.start:
		return 0, errDiscarded
	case off >= b.end:
		return 0, io.EOF
	case b.spill != nil && b.spill.used && off >= b.spill.base:
		return b.spill.readAt(t, b, p, off)
	}
	end := b.end
	if b.spill != nil && b.spill.used {
		end = b.spill.base
	}
	if off < smallSize && b.small != nil {
		return copy(p, b.small[off:min(smallSize, end)]), nil
	}
	from := b.memory[off/pageSize%memoryPages]
	at := off % pageSize
	return copy(p, from[at:min(pageSize, at+end-off)]), nil
}

// OnDisk reports whether some of the bytes are on a disk, or on their way to it.
func (b *Buffer) OnDisk() bool { return b.spill != nil && b.spill.used }

// Check reads a byte of those that are on disk, if there are any, to find out whether
// the disk gives them back. It fails as ReadAt does.
func (b *Buffer) Check(t netloop.Task) error {
	if !b.OnDisk() {
		return nil
	}
	var p [1]byte
	if _, err := b.ReadAt(t, p[:], max(b.start, b.spill.base)); err != io.EOF {
		return err
	}
	return nil
}

// Len returns how many bytes were appended.
func (b *Buffer) Len() int64 { return b.end }

// Discard gives back the bytes before an offset. They are not read again, and make
// room for others.
func (b *Buffer) Discard(off int64) {
	off = min(off, b.end)
	last := off / pageSize // the first page to keep
	if off == b.end && off%pageSize != 0 {
		last++
	}
	if b.spill != nil && b.spill.used {
		last = min(last, (b.spill.base+pageSize-1)/pageSize)
	}
	for at := b.start / pageSize; at < last; at++ {
		b.give(at % memoryPages)
	}
	b.start = max(b.start, off)
	if b.spill != nil && b.spill.used {
		b.spill.discard(b)
	}
}

func (b *Buffer) give(i int64) {
	if b.memory[i] != nil {
		b.space.givePage(b.account, b.memory[i])
		b.memory[i] = nil
	}
	if i == 0 && b.small != nil {
		b.space.giveSmall(b.account, b.small)
		b.small = nil
	}
}

// Release gives everything back. The Buffer is empty then, and can be used again
// after another Init.
func (b *Buffer) Release() {
	if b.space == nil {
		return
	}
	for i := range b.memory {
		b.give(int64(i))
	}
	if b.spill != nil {
		b.spill.release(b)
	}
	b.space.left(b)
	*b = Buffer{}
}
