package buffer

import (
	"cmp"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
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
	// disk. A body that comes slowly holds such a page for as long. A quarter of the
	// default memory is one for each of 1024 files, of which there are not more.
	tailShare = 4
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

	gated atomic.Int32 // as many as gates; set with mu

	mu       sync.Mutex
	limits   Limits         // guarded by mu, as all below
	held     held           // by all
	of       map[owner]held // by each owner that holds something
	lines    map[owner]*line
	gates    map[owner]*gate
	spills   uint64
	heldBack int                // requests in AwaitShare and AwaitTurn
	folder   *folder            // of new files; nil = none is to be used
	known    map[string]*folder // all that there were, of which the disks may hang
	ready    bool               // the folder was checked and can be used
	unfit    error              // why it cannot
	notes    notes
}

// held is what an owner holds.
type held struct {
	amount         // of all its Buffers
	answers amount // of those of answers
	buffers int    // that hold something
	bodies  int    // of those, of requests
	waiting int    // of those, in AwaitShare
	over    int    // Overs
}

// An amount is how much there is of each thing that has a bound.
type amount struct {
	memory, disk int64
	files        int
}

func (a amount) plus(more amount) amount {
	return amount{a.memory + more.memory, a.disk + more.disk, a.files + more.files}
}

// isLess reports whether adding it gives something back.
func (a amount) isLess() bool { return a.memory < 0 || a.disk < 0 || a.files < 0 }

// An account says whose a Buffer is, and what for.
type account struct {
	owner  owner
	answer bool
	beyond bool // only the bounds of all count; set by AwaitShare
}

// bodies returns how many bodies of requests a Buffer is.
func (a account) bodies() int {
	if a.answer {
		return 0
	}
	return 1
}

// holds returns what an owner holds more with a change of one of its Buffers.
func (a account) holds(more amount) held {
	h := held{amount: more}
	if a.answer {
		h.answers = more
	}
	return h
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
	s := &Space{log: log, patience: patience, readPatience: readPatience, check: checkFolder, open: openFile, of: make(map[owner]held), lines: make(map[owner]*line), gates: make(map[owner]*gate), known: make(map[string]*folder), notes: newNotes(log)}
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

// SetPatience sets how long a task waits for a disk that makes no progress: before it
// goes on without it, and for bytes that it cannot go on without. Tests of such a disk
// need it. It must be called before Configure.
func (s *Space) SetPatience(write, read time.Duration) { s.patience, s.readPatience = write, read }

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
	s.turnGates()
}

// use makes a folder that of new files, once it was checked. The caller holds mu.
func (s *Space) use(dir string) {
	s.folder, s.ready, s.unfit = s.known[dir], false, nil
	if s.folder == nil {
		s.folder = &folder{path: dir, disk: newDisk(s), check: s.check, open: s.open}
		s.known[dir] = s.folder
	}
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
		s.hold(j.file.owner, j.file.holds(amount{disk: -j.file.pages * pageSize, files: -1}))
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
