package static

import (
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A Folder is a folder whose files are served.
type Folder struct {
	key
	set   *Set
	queue *filework.Queue

	late atomic.Bool // a job has taken too long, and none has ended since

	entries [accepts]map[string]*entry // by what the client accepts, and by name; guarded by Set.mu

	mu     sync.RWMutex // read-locked by file workers that use root; guards root
	root   *root        // nil = not open
	warned atomic.Bool  // the log has it that the folder cannot be opened
}

func newFolder(s *Set, k key) *Folder {
	f := &Folder{key: k, set: s}
	f.queue = filework.New(s.busy, f.rest)
	for i := range f.entries {
		f.entries[i] = make(map[string]*entry)
	}
	return f
}

// rest closes what is open, when no file work was done for a while: a file that was
// deleted takes no room on the disk any more, and a file system can be unmounted.
func (f *Folder) rest() {
	f.set.closeIdle(f, 0)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		f.root.close()
		f.root = nil
	}
}

// open opens a file of the folder that the path of the folder names now, even if that
// is a link and leads somewhere else than before.
func (f *Folder) open(name string) (*handle, error) {
	r, err := f.rootNow()
	if err != nil {
		return nil, err
	}
	defer f.mu.RUnlock()
	return r.open(name)
}

// rootNow returns the folder, with f.mu read-locked unless it fails.
func (f *Folder) rootNow() (*root, error) {
	for {
		f.mu.RLock()
		if f.root != nil && f.root.isAt(f.dir) {
			f.warned.Store(false)
			return f.root, nil
		}
		f.mu.RUnlock()
		if err := f.reopen(); err != nil {
			if !f.warned.Swap(true) {
				f.set.log.Warn("the folder of static files cannot be opened; its files are missing", slog.String("dir", f.dir), slog.Any("err", err))
			}
			return nil, err
		}
	}
}

// reopen opens the folder again.
func (f *Folder) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		f.root.close()
		f.root = nil
	}
	r, err := openRoot(f.dir, f.set.beneath)
	if err != nil {
		return err
	}
	f.root = r
	return nil
}

// look finds the file for a name, in a file worker. It returns a file with a
// reference for the caller.
func (f *Folder) look(accept Accept, name string) (*File, error) {
	until, at := netloop.Now().Add(fresh), time.Now()
	file, err := f.find(accept, name, at)
	s := f.set
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && err != ErrMissing && err != ErrFolder {
		return nil, err
	}
	s.put(&entry{folder: f, accept: accept, name: name, file: file, err: err, until: until})
	return file, err
}

// find finds the file for a name, or the one that is the same as before. It has a
// reference for the caller.
func (f *Folder) find(accept Accept, name string, at time.Time) (*File, error) {
	f.set.closeIdle(f, keptOpen)
	r, err := f.rootNow()
	if err != nil {
		return nil, openError(err)
	}
	defer f.mu.RUnlock()
	plain := name
	if isFolder(name) {
		plain += f.index
	}
	h, id, err := f.openFile(r, plain)
	if err != nil {
		return nil, err
	}
	for _, c := range accept.codings() {
		variant, variantID, err := f.openFile(r, plain+c.suffix)
		if err != nil {
			continue // mostly there is none
		}
		if variantID.mtime/int64(time.Second) >= id.mtime/int64(time.Second) { // otherwise it is left from an earlier version
			h.close()
			return f.take(variant, variantID, plain+c.suffix, plain, c, at)
		}
		variant.close()
	}
	return f.take(h, id, plain, plain, coding{}, at)
}

// openFile opens a regular file. A folder with an index is ErrFolder.
func (f *Folder) openFile(r *root, name string) (*handle, identity, error) {
	h, err := r.open(name)
	if err != nil {
		return nil, identity{}, openError(err)
	}
	id, mode, err := h.identify()
	switch {
	case err == nil && mode == 0:
		return h, id, nil
	case err == nil:
		err = ErrMissing
	}
	h.close()
	if mode == fs.ModeDir && f.index != "" && !strings.HasSuffix(name, "/") {
		if index, _, missing := f.openFile(r, name+"/"+f.index); missing == nil {
			index.close()
			err = ErrFolder
		}
	}
	return nil, identity{}, err
}

// take returns the File of a handle: the one that is known already, or a new one.
func (f *Folder) take(h *handle, id identity, name, plain string, c coding, at time.Time) (*File, error) {
	s := f.set
	if known := s.known(f, name, plain, id, at); known != nil {
		h.close()
		return known, nil
	}
	for range readTries {
		file := newFile(f, name, plain, c, id, at)
		file.refs, file.users = 1, 1
		content := s.room(file)
		if content == nil {
			_, spare := s.keep(file, h, false)
			closeAll(spare...)
			return file, nil
		}
		err := h.readAt(content, 0)
		now, _, statErr := h.identify()
		switch {
		case statErr == nil && now == id && err == nil:
			h.close()
			return file, nil
		case statErr != nil || err != nil && err != errChanged:
			h.close()
			s.Release(file)
			return nil, openError(firstError(err, statErr))
		}
		s.Release(file)
		id, at = now, time.Now() // it is being written
	}
	h.close()
	return nil, ErrBusy
}

// readTries is how often a file is read that changes meanwhile.
const readTries = 8

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// known returns the File that is remembered for a name, with a reference, if it says
// what a new one would say; otherwise nil. As long as the identity of a file is not
// certain to change with its content, what was read of it before may be of another
// version.
func (s *Set) known(f *Folder, name, plain string, id identity, at time.Time) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	for accept := range f.entries {
		for _, path := range [...]string{plain, strings.TrimSuffix(plain, f.index)} {
			e := f.entries[accept][path]
			if e == nil || e.file == nil || e.file.name != name || e.file.id != id {
				continue
			}
			if e.file.isStrong() || e.file.content == nil && !id.isSettled(at) {
				e.file.refs++
				e.file.users++
				return e.file
			}
		}
	}
	return nil
}

// room takes the memory for the content of a small file, and returns it. It returns nil
// for a file that is not to be kept in memory.
func (s *Set) room(f *File) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Size > inMemory || !s.makeRoom(f.Size) {
		return nil
	}
	s.memory += f.Size
	f.content = make([]byte, f.Size)
	return f.content
}

// Release says that a request is done with a file.
func (s *Set) Release(f *File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.users--
	s.unref(f)
}

// closeLater closes a handle in a file worker: a network file system can wait even
// then. It does nothing if h is nil. The caller may hold Set.mu.
func (f *Folder) closeLater(h *handle) {
	if h != nil {
		f.queue.Add(closing{h})
	}
}

type closing struct{ h *handle }

// Do closes the handle.
func (c closing) Do() { c.h.close() }
