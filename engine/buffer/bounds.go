package buffer

import (
	"cmp"
	"time"
)

// memoryLimit bounds what stays in memory. The caller holds mu, as that of the next
// ones.
func (s *Space) memoryLimit() int64 { return s.limits.Memory - s.limits.Memory/tailShare }

// tight returns why an owner cannot have so many bytes more within a limit of the
// memory, or "". A client that has nothing else does not wait for its share.
func (s *Space) tight(o owner, more, limit int64) Reason {
	switch own := s.of[o].memory; {
	case o != owner{} && own > 0 && own+more > limit/share:
		return RefusedShare
	case s.held.memory+more > limit || o != owner{} && own+more > limit/share:
		return RefusedMemory
	}
	return ""
}

// hold adds to what an owner holds.
func (s *Space) hold(o owner, more held) {
	own := s.of[o]
	for _, h := range []*held{&s.held, &own} {
		h.memory, h.disk, h.files = h.memory+more.memory, h.disk+more.disk, h.files+more.files
		h.buffers, h.waiting, h.over = h.buffers+more.buffers, h.waiting+more.waiting, h.over+more.over
	}
	if own == (held{}) {
		delete(s.of, o)
		s.notes.recovered(RefusedShare)
	} else {
		s.of[o] = own
	}
	if len(s.lines) > 0 && (more.memory < 0 || more.disk < 0 || more.files < 0 || more.buffers < 0 || more.over < 0) {
		s.moved(o)
	}
}

// holdFor is hold for a Buffer that gets something.
func (s *Space) holdFor(b *Buffer, more held) {
	if !b.holds {
		b.holds, more.buffers = true, 1
	}
	s.hold(b.owner, more)
}

// left says that a Buffer holds nothing any more.
func (s *Space) left(b *Buffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.holds {
		b.holds = false
		s.hold(b.owner, held{buffers: -1})
	}
}

// takePage returns a page for a Buffer that stays in memory and adds so many bytes,
// or why there is none. That is not a refusal yet: there may be a file.
func (s *Space) takePage(b *Buffer, needs int64) (*page, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.tight(b.owner, needs, s.memoryLimit()); why != "" {
		return nil, why
	}
	s.holdFor(b, held{memory: needs})
	return s.pages.Get().(*page), ""
}

// takeSmall is takePage for the first page of a Buffer.
func (s *Space) takeSmall(b *Buffer) (*smallPage, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.tight(b.owner, smallSize, s.memoryLimit()); why != "" {
		return nil, why
	}
	s.holdFor(b, held{memory: smallSize})
	return s.smalls.Get().(*smallPage), ""
}

// takeAnyPage returns a page for bytes that are read from a file, whatever the
// bounds: without it, they could not be read.
func (s *Space) takeAnyPage(o owner) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(o, held{memory: pageSize})
	return s.pages.Get().(*page)
}

func (s *Space) givePage(o owner, p *page) {
	s.pages.Put(p)
	s.gave(o, pageSize)
}

func (s *Space) giveSmall(o owner, p *smallPage) {
	s.smalls.Put(p)
	s.gave(o, smallSize)
}

func (s *Space) gave(o owner, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(o, held{memory: -n})
	if s.held.memory <= s.limits.Memory/2 {
		s.notes.recovered(RefusedMemory)
	}
}

// takeFile returns a file for a Buffer. tight is why the memory is not used; "" if
// the Buffer has as many pages there as it needs.
func (s *Space) takeFile(b *Buffer, tight Reason) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.noFile(b.owner, tight); why != "" {
		return nil, s.refused(b.owner, tight, why)
	}
	s.spills++
	s.holdFor(b, held{files: 1})
	return &file{owner: b.owner, folder: s.folder, refs: 1}, nil
}

// takeTail returns a page that is to be written to a file, which then has so many
// pages.
func (s *Space) takeTail(b *Buffer, tight Reason, f *file, pages int64) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	more := max(pages-f.pages, 0)
	if why := s.noTail(b.owner, tight, more); why != "" {
		return nil, s.refused(b.owner, tight, why)
	}
	f.pages += more
	s.holdFor(b, held{memory: pageSize, disk: more * pageSize})
	return s.pages.Get().(*page), nil
}

// noFile returns why an owner cannot have another file, or "". tight is as in
// takeFile.
func (s *Space) noFile(o owner, tight Reason) Reason {
	if o != (owner{}) && s.of[o].files >= max(s.limits.Files/share, 1) {
		return RefusedShare
	}
	if why := s.noDisk(o, tight); why != "" {
		return why
	}
	if s.held.files >= s.limits.Files {
		return RefusedFiles
	}
	return ""
}

// noTail returns why an owner cannot have a page on its way to a file, which becomes
// longer by so many pages, or "".
func (s *Space) noTail(o owner, tight Reason, more int64) Reason {
	if more > 0 {
		if why := s.noDisk(o, tight); why != "" {
			return why
		}
	}
	return s.tight(o, pageSize, s.limits.Memory)
}

// noDisk returns why there is no disk for an owner to use, or "".
func (s *Space) noDisk(o owner, tight Reason) Reason {
	own := s.of[o].disk
	switch {
	case o != owner{} && own > 0 && own+pageSize > s.limits.Disk/share:
		return RefusedShare
	case !s.ready:
		return cmp.Or(tight, RefusedNoDisk)
	case time.Now().Before(s.folder.retry):
		return s.folder.broken
	case s.folder.disk.late.Load():
		return RefusedStalled
	case s.held.disk+pageSize > s.limits.Disk || o != owner{} && own+pageSize > s.limits.Disk/share:
		return RefusedDisk
	}
	return ""
}

// refused counts a refusal, and returns the error for it. Whoever has its share of
// the memory is not helped by a disk that others have filled.
func (s *Space) refused(o owner, tight, why Reason) error {
	if why != isMax {
		s.notes.refused(why, o, nil)
	}
	if why == RefusedShare || why != isMax && tight == RefusedShare {
		return ErrShare
	}
	return ErrFull
}

// refuse counts a refusal.
func (s *Space) refuse(r Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes.refused(r, owner{}, nil)
}
