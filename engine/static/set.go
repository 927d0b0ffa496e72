package static

import (
	"container/list"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Errors of Get, and of what is done with a File.
var (
	// ErrMissing says that the folder has no such file, or none that is to be served.
	ErrMissing = errors.New("no such file")
	// ErrFolder says that the path names a folder with an index, and lacks the slash at
	// its end.
	ErrFolder = errors.New("is a folder")
	// ErrForbidden says that the system does not let this process read the file.
	ErrForbidden = errors.New("the file cannot be read: permission denied")
	// ErrStalled says that the disk has not answered in time.
	ErrStalled = errors.New("the disk makes no progress")
	// ErrBusy says that the system is short of something, or that too many requests
	// wait for the disk.
	ErrBusy = errors.New("too much file work is waiting")
	// errChanged says that the file is not the one any more that the head of the answer
	// was about.
	errChanged = errors.New("the file changed while it was sent")
)

const (
	// inMemory is the size up to which a file is read whole and kept in memory. A
	// larger one is sent from where it is.
	inMemory = 64 << 10
	// defaultMemory is how many bytes of files are kept in memory.
	defaultMemory = 32 << 20
	// maxEntries is how many paths are remembered.
	maxEntries = 16 << 10
	// entryCost is what a path that is remembered counts for besides its name.
	entryCost = 256
	// fresh is how long what was found at a path is good for.
	fresh = 100 * time.Millisecond
	// defaultPatience is how long a request waits for the disk.
	defaultPatience = 10 * time.Second
	// maxWaiting is how many pieces of work can wait for the disk of a folder.
	maxWaiting = 8 << 10
	// keptOpen is how long a file stays open that nobody is being sent.
	keptOpen = 5 * time.Second
)

// Limits bound what a Set holds.
type Limits struct {
	Files int // open files that are kept open
}

// A Set is all the folders of a master, with what is remembered of them. It is safe
// for concurrent use.
type Set struct {
	log      *slog.Logger
	beneath  bool // the kernel has openat2
	patience time.Duration
	busy     func() (done func()) // see WhileBusy; nil = none
	stall    func(Op)             // for tests of a disk that hangs: called before each piece of work; nil = none

	mu      sync.Mutex // guards all below
	limits  Limits
	maximum int64 // of memory
	folders map[key]*Folder
	entries list.List // of *entry, the latest used first
	memory  int64     // of contents and entries
	opened  list.List // of *File, the latest used first
	open    int       // handles
}

// A key is what a Folder is made of.
type key struct {
	dir, index    string
	precompressed bool
}

// New returns an empty Set.
func New(log *slog.Logger) *Set {
	s := &Set{log: log, beneath: canOpenBeneath(), patience: defaultPatience, maximum: defaultMemory, folders: make(map[key]*Folder)}
	s.entries.Init()
	s.opened.Init()
	return s
}

// An Op is a kind of file work, for tests.
type Op string

// The kinds of file work.
const (
	OpLook Op = "look" // finds a file
	OpRead Op = "read" // reads a part of a file
	OpSend Op = "send" // sends a part of a file
)

// StallWith makes the Set call f in the goroutine that does a piece of file work,
// before it, and wait at most patience for one. Tests of a disk that hangs need it. It
// must be called before Configure.
func (s *Set) StallWith(patience time.Duration, f func(Op)) { s.patience, s.stall = patience, f }

// WhileBusy makes the Set call f, when its goroutines begin to work, and done a while
// after they have ended. It must be called before Configure.
func (s *Set) WhileBusy(f func() (done func())) { s.busy = f }

// Configure makes the folders of a plan those of the Set, and returns them, in the
// order of the plan. What another plan of before has beyond them is forgotten; its
// Folders can still be used.
func (s *Set) Configure(statics []plan.Static, limits Limits) []*Folder {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
	before := s.folders
	s.folders = make(map[key]*Folder)
	out := make([]*Folder, len(statics))
	for i := range statics {
		st := &statics[i]
		k := key{st.Dir, st.Index, st.Precompressed}
		f := s.folders[k]
		if f == nil {
			if f = before[k]; f == nil {
				f = newFolder(s, k)
			}
			s.folders[k] = f
		}
		out[i] = f
	}
	for k, f := range before {
		if s.folders[k] != f {
			s.forget(f)
		}
	}
	return out
}

// Stats are what a Set holds.
type Stats struct {
	Memory int64 // bytes of files and paths
	Open   int   // files that are kept open
}

// Stats returns what the Set holds now.
func (s *Set) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{s.memory, s.open}
}

// An entry is what was found at a path.
type entry struct {
	folder *Folder
	accept Accept
	name   string
	file   *File // nil if err is not
	err    error
	until  netloop.Time // when it has to be looked at again
	place  *list.Element
}

func (e *entry) cost() int64 { return entryCost + int64(len(e.name)) }

// forget drops the entries of a folder. The caller holds mu.
func (s *Set) forget(f *Folder) {
	for accept := range f.entries {
		for _, e := range f.entries[accept] {
			s.remove(e)
		}
	}
}

// remove drops an entry. The caller holds mu.
func (s *Set) remove(e *entry) {
	s.entries.Remove(e.place)
	delete(e.folder.entries[e.accept], e.name)
	s.memory -= e.cost()
	if e.file != nil {
		s.unref(e.file)
	}
}

// put remembers what was found at a path. The caller holds mu.
func (s *Set) put(e *entry) {
	if before := e.folder.entries[e.accept][e.name]; before != nil {
		s.remove(before)
	}
	if s.folders[e.folder.key] != e.folder {
		return // a reload has dropped the folder
	}
	e.folder.entries[e.accept][e.name] = e
	e.place = s.entries.PushFront(e)
	s.memory += e.cost()
	if e.file != nil {
		e.file.refs++
	}
	s.makeRoom(0)
	for s.entries.Len() > maxEntries {
		s.remove(s.entries.Back().Value.(*entry))
	}
}

// makeRoom forgets paths until there is room for so much more memory, and reports
// whether there is. Forgetting what requests are being sent would give nothing back.
// The caller holds mu.
func (s *Set) makeRoom(more int64) bool {
	const looks = 256
	looked := 0
	for place := s.entries.Back(); s.memory+more > s.maximum && place != nil && looked < looks; looked++ {
		e := place.Value.(*entry)
		place = place.Prev()
		if e.file == nil || e.file.users == 0 {
			s.remove(e)
		}
	}
	return s.memory+more <= s.maximum
}

// unref gives up a reference to a file. The caller holds mu.
func (s *Set) unref(f *File) {
	if f.refs--; f.refs > 0 {
		return
	}
	if f.content != nil {
		s.memory -= f.Size
	}
	if f.open != nil {
		f.folder.closeLater(s.takeHandle(f))
	}
}
