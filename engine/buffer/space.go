package buffer

import (
	"cmp"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// DefaultDir is where the files are unless Limits say otherwise. /tmp is often in
// memory.
const DefaultDir = "/var/tmp"

// Limits bound what a Space holds.
type Limits struct {
	Memory int64  // bytes in memory
	Disk   int64  // bytes in files; 0 = no files
	Files  int    // open files; each takes a file descriptor
	Dir    string // where the files are; "" = DefaultDir
}

const (
	// share is the part of each bound that one client can have.
	share = 4
	// tailShare is the part of the memory that only pages on their way to a file
	// can have: bodies that are in memory for long must not keep others from the
	// disk.
	tailShare = 8
	// patience is how long a task waits for a disk that makes no progress before it
	// goes on without it.
	patience = time.Second
	// readPatience is the same for a task that cannot go on without the bytes. It
	// may have a slot, which others wait for.
	readPatience = 10 * time.Second
	// failPause is how long a disk that has failed is not used.
	failPause = time.Second
)

// A Space bounds what all its Buffers hold. It is safe for concurrent use.
type Space struct {
	log                    *slog.Logger
	pages                  sync.Pool // of *page
	disk                   disk
	patience, readPatience time.Duration
	check                  func(path string) error // see folder
	open                   func(path string) (Store, error)

	mu     sync.Mutex
	limits Limits         // guarded by mu, as all below
	held   held           // by all
	of     map[owner]held // by each owner that holds something
	spills uint64
	folder *folder   // of new files; nil = none is to be used
	ready  bool      // the folder was checked and can be used
	unfit  error     // why it cannot
	retry  time.Time // until then, no file is used
	broken Reason    // why not
	notes  notes
}

// held is what an owner holds.
type held struct {
	memory, disk int64
	files        int
}

// An owner is the client that a share belongs to: an IPv4 address, or an IPv6
// network of 64 bits, of which one client has all addresses. The zero owner has no
// share of its own.
type owner netip.Prefix

func ownerOf(client netip.Addr) owner {
	client = client.Unmap().WithZone("")
	bits := 32
	if client.Is6() {
		bits = 64
	}
	p, err := client.Prefix(bits)
	if err != nil { // the zero Addr
		return owner{}
	}
	return owner(p)
}

// NewSpace returns a Space that holds nothing until it is configured.
func NewSpace(log *slog.Logger) *Space {
	s := &Space{log: log, patience: patience, readPatience: readPatience, check: checkFolder, open: openFile, of: make(map[owner]held), notes: newNotes(log)}
	s.pages.New = func() any { return new(page) }
	s.disk.space, s.disk.more = s, make(chan struct{}, 1)
	return s
}

// OpenWith makes the Space keep what is not in memory in the stores that open
// returns, rather than in files of the folder. Tests of a disk that fails need it.
// It must be called before Configure.
func (s *Space) OpenWith(open func(dir string) (Store, error)) {
	s.check, s.open = func(string) error { return nil }, open
}

// WhileBusy makes the Space call f, when its goroutines begin to work, and done a
// while after they have ended. It must be called before Configure.
func (s *Space) WhileBusy(f func() (done func())) { s.disk.busy = f }

// Configure sets the limits. What the Space holds beyond new limits stays until it
// is released. The folder is used once it has turned out to be on a disk.
func (s *Space) Configure(l Limits) {
	l.Dir = cmp.Or(l.Dir, DefaultDir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
	switch {
	case l.Disk <= 0 || l.Files <= 0:
		s.folder, s.ready, s.unfit = nil, false, nil
	case s.folder == nil || s.folder.path != l.Dir || s.unfit != nil:
		s.folder, s.ready, s.unfit = &folder{l.Dir, s.check, s.open}, false, nil
		s.disk.submit(&job{op: opCheck, folder: s.folder})
	}
}

// takePage returns a page for an owner that stays in memory, or why there is none.
// That is not a refusal yet: there may be a file.
func (s *Space) takePage(o owner) (*page, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.tight(o, s.limits.Memory-s.limits.Memory/tailShare); why != "" {
		return nil, why
	}
	return s.page(o), ""
}

// noPage returns why takePage would return no page, or "".
func (s *Space) noPage(o owner) Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tight(o, s.limits.Memory-s.limits.Memory/tailShare)
}

// tight returns why an owner can have no other page within a limit, or "". The
// caller holds mu, as that of the next ones.
func (s *Space) tight(o owner, limit int64) Reason {
	switch {
	case s.held.memory+pageSize > limit:
		return RefusedMemory
	case o != owner{} && s.of[o].memory+pageSize > limit/share:
		return RefusedShare
	}
	return ""
}

func (s *Space) page(o owner) *page {
	s.hold(o, held{memory: pageSize})
	return s.pages.Get().(*page)
}

// hold adds to what an owner holds.
func (s *Space) hold(o owner, more held) {
	own := s.of[o]
	for _, h := range []*held{&s.held, &own} {
		h.memory, h.disk, h.files = h.memory+more.memory, h.disk+more.disk, h.files+more.files
	}
	if own == (held{}) {
		delete(s.of, o)
		s.notes.recovered(RefusedShare)
	} else {
		s.of[o] = own
	}
}

// refused counts a refusal, and returns false.
func (s *Space) refused(r Reason, o owner, err error) bool {
	s.notes.refused(r, o, err)
	return false
}

// takeAnyPage returns a page for bytes that are read from a file, whatever the
// bounds: without it, they could not be read.
func (s *Space) takeAnyPage(o owner) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page(o)
}

func (s *Space) givePage(o owner, p *page) {
	s.pages.Put(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(o, held{memory: -pageSize})
	if s.held.memory <= s.limits.Memory/2 {
		s.notes.recovered(RefusedMemory)
	}
}

// takeFile returns a file for an owner, or nil if none can be used. tight is why the
// memory is not used; "" if the owner has as many pages there as it needs.
func (s *Space) takeFile(o owner, tight Reason) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.usable(o, tight):
		return nil
	case s.held.files >= s.limits.Files:
		s.refused(RefusedFiles, o, nil)
		return nil
	case o != owner{} && s.of[o].files >= max(s.limits.Files/share, 1):
		s.refused(RefusedShare, o, nil)
		return nil
	}
	s.spills++
	s.hold(o, held{files: 1})
	return &file{owner: o, folder: s.folder, refs: 1}
}

// usable reports whether there is a disk for an owner to use.
func (s *Space) usable(o owner, tight Reason) bool {
	switch {
	case !s.ready:
		return s.refused(cmp.Or(tight, RefusedNoDisk), o, nil)
	case time.Now().Before(s.retry):
		return s.refused(s.broken, o, nil)
	case s.disk.late.Load():
		return s.refused(RefusedStalled, o, nil)
	case s.held.disk+pageSize > s.limits.Disk:
		return s.refused(RefusedDisk, o, nil)
	case o != owner{} && s.of[o].disk+pageSize > s.limits.Disk/share:
		return s.refused(RefusedShare, o, nil)
	}
	return true
}

// hasDisk reports whether there seems to be room on a disk for an owner.
func (s *Space) hasDisk(o owner, tight Reason) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usable(o, tight) && s.hasTail(o)
}

// hasTail reports whether an owner can have a page on its way to a file.
func (s *Space) hasTail(o owner) bool {
	if why := s.tight(o, s.limits.Memory); why != "" {
		return s.refused(why, o, nil)
	}
	return true
}

// takeTail returns a page that is to be written to a file, which then has so many
// pages, or nil if a bound is reached.
func (s *Space) takeTail(o owner, f *file, pages int64) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	more := max(pages-f.pages, 0)
	if more > 0 && !s.usable(o, "") || !s.hasTail(o) {
		return nil
	}
	f.pages += more
	s.hold(o, held{disk: more * pageSize})
	return s.page(o)
}

// refuse counts a refusal.
func (s *Space) refuse(r Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused(r, owner{}, nil)
}

// told learns how a job has ended.
func (s *Space) told(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case j.op == opClose:
		s.hold(j.file.owner, held{disk: -j.file.pages * pageSize, files: -1})
		if s.held.disk <= s.limits.Disk/2 && s.held.files <= s.limits.Files/2 {
			s.notes.recovered(RefusedDisk)
			s.notes.recovered(RefusedFiles)
		}
	case j.op == opCheck:
		s.checked(j)
	case j.err != nil:
		s.retry, s.broken = time.Now().Add(failPause), RefusedFailed
		if errors.Is(j.err, syscall.EMFILE) || errors.Is(j.err, syscall.ENFILE) {
			s.broken = RefusedFiles
		}
		s.refused(s.broken, j.file.owner, j.err)
	default:
		s.notes.recovered(RefusedFailed)
		s.notes.recovered(RefusedStalled)
	}
}

// checked learns whether a folder can be used.
func (s *Space) checked(j *job) {
	if s.folder != j.folder {
		return // a reload has named another one
	}
	s.ready, s.unfit = j.err == nil, j.err
	if j.err != nil {
		s.log.Warn("no body waits on disk: the folder for buffers cannot be used; set buffer_dir",
			slog.String("dir", j.folder.path), slog.Any("err", j.err))
	}
}
