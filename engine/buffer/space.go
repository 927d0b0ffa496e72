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
	pages, smalls          sync.Pool            // of *page, and of *smallPage
	busy                   func() (done func()) // see WhileBusy; nil = none
	patience, readPatience time.Duration
	check                  func(path string) error // see folder
	open                   func(path string) (Store, error)

	mu     sync.Mutex
	limits Limits         // guarded by mu, as all below
	held   held           // by all
	of     map[owner]held // by each owner that holds something
	lines  map[owner]*line
	spills uint64
	folder *folder            // of new files; nil = none is to be used
	known  map[string]*folder // all that there were, of which the disks may hang
	ready  bool               // the folder was checked and can be used
	unfit  error              // why it cannot
	notes  notes
}

// held is what an owner holds.
type held struct {
	memory, disk int64
	files        int
	buffers      int // that hold something
	waiting      int // of those, in AwaitShare
	over         int // Overs
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

// String returns an address of IPv4 as that, and a network of IPv6 as a prefix.
func (o owner) String() string {
	if p := netip.Prefix(o); !p.Addr().Is4() {
		return p.String()
	}
	return netip.Prefix(o).Addr().String()
}

// NewSpace returns a Space that holds nothing until it is configured.
func NewSpace(log *slog.Logger) *Space {
	s := &Space{log: log, patience: patience, readPatience: readPatience, check: checkFolder, open: openFile, of: make(map[owner]held), lines: make(map[owner]*line), known: make(map[string]*folder), notes: newNotes(log)}
	s.pages.New = func() any { return new(page) }
	s.smalls.New = func() any { return new(smallPage) }
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
func (s *Space) WhileBusy(f func() (done func())) { s.busy = f }

// Configure sets the limits. What the Space holds beyond new limits stays until it
// is released. The folder is used once it has turned out to be on a disk, which each call finds
// out again.
func (s *Space) Configure(l Limits) {
	l.Dir = cmp.Or(l.Dir, DefaultDir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
	switch {
	case l.Disk <= 0 || l.Files <= 0:
		s.folder, s.ready, s.unfit = nil, false, nil
	default:
		if s.folder == nil || s.folder.path != l.Dir || s.unfit != nil {
			s.use(l.Dir)
		}
		s.folder.disk.submit(&job{op: opCheck, folder: s.folder})
	}
}

// use makes a folder that of new files, once it was checked. The caller holds mu.
func (s *Space) use(dir string) {
	s.folder, s.ready, s.unfit = s.known[dir], false, nil
	if s.folder == nil {
		s.folder = &folder{path: dir, disk: newDisk(s), check: s.check, open: s.open}
		s.known[dir] = s.folder
	}
}

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

// lost notes that bytes cannot be read.
func (s *Space) lost(o owner, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes.refused(lostBytes, o, err)
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
	case j.err != nil && j.op == opRead:
		s.notes.refused(lostBytes, j.file.owner, j.err)
	case j.err != nil:
		f := j.file.folder
		f.retry, f.broken = time.Now().Add(failPause), RefusedFailed
		if errors.Is(j.err, syscall.EMFILE) || errors.Is(j.err, syscall.ENFILE) {
			f.broken = RefusedFiles
		}
		s.notes.refused(f.broken, j.file.owner, j.err)
	case j.op == opRead:
		s.notes.recovered(lostBytes)
		s.notes.recovered(RefusedStalled)
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
