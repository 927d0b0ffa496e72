package buffer

import (
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A spill is the part of a Buffer that is not to stay in memory: the bytes from base
// on. They are appended to a page, the tail. A full tail is written to the file,
// while the next one fills.
//
// A page has the same place in the file as the one before it that is a round behind:
// a Buffer whose bytes are discarded as they are read needs no more of the disk than
// it holds.
type spill struct {
	file  *file
	used  bool  // bytes are in it; memory comes first otherwise
	base  int64 // the offset of its first byte
	round int64 // pages in a round

	tail    *page
	tailAt  int64 // the offset of the first byte of the tail, and of the end of what is written
	writing *job  // writes the page before the tail; nil if that is known to be in the file

	failed bool // the disk has failed, so nothing more is appended
}

// spillRoom returns space behind the last byte, in the tail. tight is as in takeFile.
func (b *Buffer) spillRoom(t netloop.Task, tight Reason) ([]byte, error) {
	if b.spill == nil {
		file, err := b.space.takeFile(b, tight)
		if err != nil {
			return nil, err
		}
		// Discarded bytes can be in the same page as those that are kept.
		b.spill = &spill{file: file, round: (b.max-1)/pageSize + 2}
	}
	sp := b.spill
	if sp.failed {
		return nil, ErrFull
	}
	if !sp.used {
		return sp.begin(t, b, tight)
	}
	if n := b.end - sp.tailAt; n < pageSize {
		return sp.tail[n:], nil
	}
	return sp.next(t, b)
}

// begin gives the spill its first page.
func (sp *spill) begin(t netloop.Task, b *Buffer, tight Reason) ([]byte, error) {
	if err := sp.settle(t, b); err != nil { // of bytes that were discarded
		return nil, err
	}
	tail, err := b.space.takeTail(b, tight, sp.file, 1)
	if err != nil {
		return nil, err
	}
	sp.used, sp.base, sp.tail, sp.tailAt = true, b.end, tail, b.end
	return tail[:], nil
}

// next writes the tail, and returns another one.
func (sp *spill) next(t netloop.Task, b *Buffer) ([]byte, error) {
	if err := sp.settle(t, b); err != nil {
		return nil, err
	}
	at := (sp.tailAt - sp.base) / pageSize
	tail, err := b.space.takeTail(b, "", sp.file, min(at+2, sp.round))
	if err != nil {
		return nil, err
	}
	sp.writing = &job{op: opWrite, file: sp.file, page: sp.tail, n: pageSize, at: at % sp.round * pageSize}
	sp.file.folder.disk.submit(sp.writing)
	sp.tail, sp.tailAt = tail, b.end
	return tail[:], nil
}

// settle waits until the page before the tail is in the file. If it does not get
// there, it stays in memory.
func (sp *spill) settle(t netloop.Task, b *Buffer) error {
	if sp.writing == nil {
		return nil
	}
	switch err := sp.file.folder.disk.wait(t, sp.writing, b.space.patience); {
	case err == errStalled:
		b.space.refuse(RefusedStalled)
		return ErrFull
	case err != nil:
		return err
	case sp.writing.err != nil:
		sp.failed = true
		return ErrFull
	}
	sp.writing = nil
	return nil
}

// readAt reads bytes that are in the spill.
func (sp *spill) readAt(t netloop.Task, b *Buffer, p []byte, off int64) (int, error) {
	if off >= sp.tailAt {
		return copy(p, sp.tail[off-sp.tailAt:b.end-sp.tailAt]), nil
	}
	at := (off - sp.base) / pageSize
	from := (off - sp.base) % pageSize
	d := sp.file.folder.disk
	if sp.writing != nil && at == (sp.tailAt-sp.base)/pageSize-1 {
		if n, ok := d.copyPage(p, sp.writing, from); ok {
			return n, nil
		}
	}
	if d.lost.Load() {
		b.space.lost(b.owner, errStalled) // and nobody else waits for it
		return 0, errStalled
	}
	j := &job{op: opRead, file: sp.file, page: b.space.takeAnyPage(b.account), n: int(min(int64(len(p)), pageSize-from)),
		at: at%sp.round*pageSize + from}
	d.submit(j)
	if err := d.wait(t, j, b.space.readPatience); err != nil {
		d.leave(j)
		if err == errStalled {
			b.space.lost(b.owner, err)
		}
		return 0, err
	}
	defer b.space.givePage(b.account, j.page)
	if j.err != nil {
		return 0, j.err
	}
	return copy(p, j.page[:j.n]), nil
}

// discard gives back what is behind in a spill.
func (sp *spill) discard(b *Buffer) {
	if b.start < b.end {
		return
	}
	b.space.givePage(b.account, sp.tail)
	sp.used, sp.tail = false, nil
}

func (sp *spill) release(b *Buffer) {
	if sp.tail != nil {
		b.space.givePage(b.account, sp.tail)
	}
	if sp.writing != nil {
		sp.file.folder.disk.leave(sp.writing)
	}
	sp.file.folder.disk.unref(sp.file)
}
