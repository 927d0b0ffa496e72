package buffer

import (
	"cmp"
	"time"
)

// memoryLimit bounds what stays in memory. The caller holds mu, as that of the next
// ones.
func (s *Space) memoryLimit() int64 { return s.limits.Memory - s.limits.Memory/tailShare }

// tight returns why an account cannot have so many bytes more within a limit of the
// memory, or "".
func (s *Space) tight(a account, more, limit int64) Reason {
	return a.lacks(s.of[a.owner].memory, s.held.memory, more, limit, limit/share, RefusedMemory)
}

// lacks returns why an account cannot have more of something, of which its owner has
// own and everybody together all, or "". full is why if the limit of all is reached.
//
// A client that has nothing else does not wait for its share, nor does the one body
// that has an Over. Neither does an answer:
// it may be kept beyond the share, so that its slot is free once the app is done, but
// not in the last part of the size of a share, which is for clients that have less.
func (a account) lacks(own, all, more, limit, share int64, full Reason) Reason {
	beyond := a.owner != owner{} && !a.beyond && own+more > share
	switch {
	case !beyond && all+more > limit:
		return full
	case !beyond:
		return ""
	case a.answer && all+more <= limit-share:
		return ""
	case own > 0:
		return RefusedShare
	}
	return full
}

// hold adds to what an owner holds.
func (s *Space) hold(o owner, more held) {
	own := s.of[o]
	for _, h := range []*held{&s.held, &own} {
		h.amount, h.answers = h.plus(more.amount), h.answers.plus(more.answers)
		h.buffers, h.bodies = h.buffers+more.buffers, h.bodies+more.bodies
		h.waiting, h.over = h.waiting+more.waiting, h.over+more.over
	}
	if own == (held{}) {
		delete(s.of, o)
		s.notes.recovered(RefusedShare)
	} else {
		s.of[o] = own
	}
	if len(s.lines) > 0 && (more.isLess() || more.buffers < 0 || more.over < 0) {
		s.moved(o)
	}
	if more.answers != (amount{}) {
		s.turnGate(o, own.answers, more.answers.isLess())
	}
}

// holdFor is hold for a Buffer that gets something.
func (s *Space) holdFor(b *Buffer, more amount) {
	h := b.account.holds(more)
	if !b.inUse {
		b.inUse, h.buffers, h.bodies = true, 1, b.bodies()
	}
	s.hold(b.owner, h)
}

// left says that a Buffer holds nothing any more.
func (s *Space) left(b *Buffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.inUse {
		b.inUse = false
		s.hold(b.owner, held{buffers: -1, bodies: -b.bodies()})
	}
}

// takePage returns a page for a Buffer that stays in memory and adds so many bytes,
// or why there is none. That is not a refusal yet: there may be a file.
func (s *Space) takePage(b *Buffer, needs int64) (*page, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.tight(b.account, needs, s.memoryLimit()); why != "" {
		return nil, why
	}
	s.holdFor(b, amount{memory: needs})
	return s.pages.Get().(*page), ""
}

// takeSmall is takePage for the first page of a Buffer.
func (s *Space) takeSmall(b *Buffer) (*smallPage, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.tight(b.account, smallSize, s.memoryLimit()); why != "" {
		return nil, why
	}
	s.holdFor(b, amount{memory: smallSize})
	return s.smalls.Get().(*smallPage), ""
}

// takeAnyPage returns a page for bytes that are read from a file, whatever the
// bounds: without it, they could not be read.
func (s *Space) takeAnyPage(a account) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(a.owner, a.holds(amount{memory: pageSize}))
	return s.pages.Get().(*page)
}

func (s *Space) givePage(a account, p *page) {
	s.pages.Put(p)
	s.gave(a, pageSize)
}

func (s *Space) giveSmall(a account, p *smallPage) {
	s.smalls.Put(p)
	s.gave(a, smallSize)
}

func (s *Space) gave(a account, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(a.owner, a.holds(amount{memory: -n}))
	if s.held.memory <= s.limits.Memory/2 {
		s.notes.recovered(RefusedMemory)
	}
}

// takeFile returns a file for a Buffer. tight is why the memory is not used; "" if
// the Buffer has as many pages there as it needs.
func (s *Space) takeFile(b *Buffer, tight Reason) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.noFile(b.account, tight); why != "" {
		return nil, s.refused(b, tight, why)
	}
	s.spills++
	s.holdFor(b, amount{files: 1})
	return &file{account: b.account, folder: s.folder, refs: 1}, nil
}

// takeTail returns a page that is to be written to a file, which then has so many
// pages.
func (s *Space) takeTail(b *Buffer, tight Reason, f *file, pages int64) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	more := max(pages-f.pages, 0)
	if why := s.noTail(b.account, tight, more); why != "" {
		return nil, s.refused(b, tight, why)
	}
	f.pages += more
	s.holdFor(b, amount{memory: pageSize, disk: more * pageSize})
	return s.pages.Get().(*page), nil
}

// noFile returns why an account cannot have another file, or "". tight is as in
// takeFile.
func (s *Space) noFile(a account, tight Reason) Reason {
	limit := s.limits.Files
	full := a.lacks(int64(s.of[a.owner].files), int64(s.held.files), 1, int64(limit), int64(max(limit/share, 1)), RefusedFiles)
	if full == RefusedShare {
		return full
	}
	return cmp.Or(s.noDisk(a, tight), full)
}

// noTail returns why an account cannot have a page on its way to a file, which becomes
// longer by so many pages, or "".
func (s *Space) noTail(a account, tight Reason, more int64) Reason {
	if more > 0 {
		if why := s.noDisk(a, tight); why != "" {
			return why
		}
	}
	return s.tight(a, pageSize, s.limits.Memory)
}

// noDisk returns why there is no disk for an account to use, or "".
func (s *Space) noDisk(a account, tight Reason) Reason {
	limit := s.limits.Disk
	full := a.lacks(s.of[a.owner].disk, s.held.disk, pageSize, limit, limit/share, RefusedDisk)
	switch {
	case full == RefusedShare:
		return full
	case !s.ready:
		return cmp.Or(tight, RefusedNoDisk)
	case time.Now().Before(s.folder.retry):
		return s.folder.broken
	case s.folder.disk.late.Load():
		return RefusedStalled
	}
	return full
}

// refused counts a refusal, and returns the error for it.
func (s *Space) refused(b *Buffer, tight, why Reason) error {
	if why != isMax && why != hasFailed {
		s.notes.refused(why, b.owner, nil)
	}
	if isShare(tight, why) || s.takesTurns(b, why) {
		return ErrShare
	}
	return ErrFull
}

// isShare reports whether the share of the client is why there is no room. Whoever
// has its share of the memory is not helped by a disk that others have filled.
func isShare(tight, why Reason) bool {
	return why == RefusedShare || why != "" && why != isMax && tight == RefusedShare
}

// takesTurns reports whether a body that finds no room takes turns with others of its
// client: at a bound of all, which others may have filled, and on a disk that fails.
// A bound that leaves no room for anything is a setting, as is that there is no disk.
func (s *Space) takesTurns(b *Buffer, why Reason) bool {
	if b.owner == (owner{}) || b.answer {
		return false
	}
	switch why {
	case RefusedMemory:
		return smallSize <= s.memoryLimit()/share
	case RefusedDisk, RefusedFiles, RefusedStalled, RefusedFailed, hasFailed:
		return pageSize <= s.limits.Disk/share
	}
	return false
}

// refuse counts a refusal.
func (s *Space) refuse(r Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes.refused(r, owner{}, nil)
}
