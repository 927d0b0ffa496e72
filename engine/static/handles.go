package static

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A file that is being sent is open, but it need not stay so: with many requests for
// many files, those that have waited longest for their clients are closed, and opened
// again when it is their turn. So no number of slow clients takes all descriptors.

// takeHandle makes a file one that is not open, and returns its handle, which the
// caller has to close; nil if it is still in use. The caller holds mu.
func (s *Set) takeHandle(f *File) *handle {
	h := f.open
	f.open = nil
	s.opened.Remove(f.opened)
	s.open--
	if h.busy > 0 {
		h.gone = true
		return nil
	}
	return h
}

// keep makes a handle that of a file, and returns the one of the file, and those to
// close in exchange. busy says that the caller uses it until the next call of done.
func (s *Set) keep(f *File, h *handle, busy bool) (_ *handle, spare []*handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.open != nil { // another worker was faster
		spare = append(spare, h)
		h = f.open
	} else {
		s.setHandle(f, h)
	}
	if busy {
		h.busy++
	}
	for s.open > s.limits.Files {
		victim := s.victim(f)
		if victim == nil {
			break // the workers have all of them, for a moment
		}
		spare = append(spare, s.takeHandle(victim))
	}
	return h, spare
}

// setHandle opens a file that is not open. The caller holds mu.
func (s *Set) setHandle(f *File, h *handle) {
	f.open, f.opened, f.used = h, s.opened.PushFront(f), netloop.Now()
	s.open++
}

// victim returns the file to close: one that nobody is being sent, or else the one
// whose turn is longest ago. The caller holds mu.
func (s *Set) victim(not *File) (out *File) {
	const looks = 64
	looked := 0
	for e := s.opened.Back(); e != nil && looked < looks; e = e.Prev() {
		looked++
		f := e.Value.(*File)
		switch {
		case f == not || f.open.busy > 0:
		case f.users == 0:
			return f
		case out == nil:
			out = f
		}
	}
	return out
}

// use returns the handle of a file, which stays open until the next call of done, or
// nil if the file is not open.
func (s *Set) use(f *File) *handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.open == nil {
		return nil
	}
	f.open.busy++
	f.used = netloop.Now()
	s.opened.MoveToFront(f.opened)
	return f.open
}

// done ends a use, and returns the handle if it is to be closed.
func (s *Set) done(h *handle) *handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.busy--; h.busy == 0 && h.gone {
		return h
	}
	return nil
}

// closeIdle closes the files of a folder that nobody is being sent and that were not
// used for a time.
func (s *Set) closeIdle(of *Folder, unused time.Duration) {
	s.mu.Lock()
	var spare []*handle
	before := netloop.Now() - netloop.Time(unused)
	for e := s.opened.Back(); e != nil; {
		f := e.Value.(*File)
		e = e.Prev()
		if f.users > 0 || f.open.busy > 0 || f.folder != of {
			continue
		}
		if f.used > before {
			break // and so are all before it
		}
		spare = append(spare, s.takeHandle(f))
	}
	s.mu.Unlock()
	closeAll(spare...)
}

// closeAll closes handles, in a file worker. Some can be nil.
func closeAll(handles ...*handle) {
	for _, h := range handles {
		if h != nil {
			h.close()
		}
	}
}

// withHandle calls do with the open file, in a file worker. It fails if the file is
// not the same version any more, before or after do.
func (f *File) withHandle(do func(h *handle) error) error {
	s := f.folder.set
	h := s.use(f)
	if h == nil {
		again, err := f.folder.open(f.name)
		if err != nil {
			if openError(err) == ErrMissing {
				return errChanged
			}
			return openError(err)
		}
		if err := f.check(again); err != nil {
			again.close()
			return err
		}
		var spare []*handle
		h, spare = s.keep(f, again, true)
		closeAll(spare...)
	}
	defer func() { closeAll(s.done(h)) }()
	if err := do(h); err != nil {
		return err
	}
	return f.check(h)
}

// check fails if what a handle has is not the version of the file.
func (f *File) check(h *handle) error {
	id, _, err := h.identify()
	if err == nil && !id.sameContent(f.id) {
		err = errChanged
	}
	return err
}
