package buffer

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A task parks as the tasks of netloop do.
type task struct {
	netloop.Task
	woken chan struct{}
	cut   chan error // ends a Park, and stays in force
}

func newTask() *task { return &task{woken: make(chan struct{}, 1), cut: make(chan error, 1)} }

func (t *task) Wake() {
	select {
	case t.woken <- struct{}{}:
	default:
	}
}

func (t *task) Park(until netloop.Time) error {
	late := make(<-chan time.Time)
	if until != 0 {
		late = time.After(until.Sub(netloop.Now()))
	}
	select {
	case <-t.woken:
		return nil
	case err := <-t.cut:
		t.cut <- err
		return err
	case <-late:
		return netloop.ErrTimeout
	}
}

// A fakeDisk holds files in memory, and can be stopped, or made to fail.
type fakeDisk struct {
	mu     sync.Mutex // guards all below
	going  *sync.Cond
	stuck  bool // reads and writes wait
	waits  int  // how many do
	err    error
	opened int
	closed int
	peak   int // bytes of the largest file
}

func newFakeDisk() *fakeDisk {
	d := &fakeDisk{}
	d.going = sync.NewCond(&d.mu)
	return d
}

func (d *fakeDisk) set(stuck bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stuck, d.err = stuck, err
	d.going.Broadcast()
}

// work waits until the disk goes, and returns its error. The caller holds mu.
func (d *fakeDisk) work() error {
	d.waits++
	for d.stuck {
		d.going.Wait()
	}
	d.waits--
	return d.err
}

func (d *fakeDisk) open(string) (Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.work(); err != nil {
		return nil, err
	}
	d.opened++
	return &fakeFile{d: d}, nil
}

type fakeFile struct {
	d *fakeDisk
	b []byte
}

func (f *fakeFile) WriteAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.work(); err != nil {
		return 0, err
	}
	if more := int(at) + len(p) - len(f.b); more > 0 {
		f.b = append(f.b, make([]byte, more)...)
	}
	f.d.peak = max(f.d.peak, len(f.b))
	return copy(f.b[at:], p), nil
}

func (f *fakeFile) ReadAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.work(); err != nil {
		return 0, err
	}
	return copy(p, f.b[at:]), nil
}

func (f *fakeFile) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.closed++
	return nil
}

// spaceOn returns a Space with a fakeDisk, and what it logs.
func spaceOn(t *testing.T, d *fakeDisk, l Limits) (*Space, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s := NewSpace(slog.New(slog.NewTextHandler(&log, nil)))
	s.OpenWith(d.open)
	s.Configure(l)
	soon(t, func() bool { return s.Stats().NoDisk == "" }, "the folder is not checked")
	t.Cleanup(func() {
		d.set(false, nil)
		released(t, s)
		d.mu.Lock()
		defer d.mu.Unlock()
		assert.Equal(t, d.opened, d.closed)
	})
	return s, &log
}

var roomy = Limits{Memory: 1 << 20, Disk: 1 << 30, Files: 16}

// TestSpill checks that a Buffer holds more than it may have in memory, in a file
// without a name.
func TestSpill(t *testing.T) {
	for name, open := range map[string]func(string) (Store, error){"unnamed": openFile, "named": openNamed} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := NewSpace(slog.New(slog.DiscardHandler))
			s.OpenWith(open)
			l := roomy
			l.Dir = dir
			s.Configure(l)
			soon(t, func() bool { return s.Stats().NoDisk == "" }, "not checked")
			var b Buffer
			b.Init(s, 10<<20, netip.Addr{})
			task := newTask()
			for b.Len() < 1_000_000 {
				n, err := b.Append(task, pattern(int(b.Len()), 9999))
				require.NoError(t, err)
				require.Equal(t, 9999, n)
			}
			for range 2 {
				assert.True(t, bytes.Equal(pattern(0, int(b.Len())), readAll(t, &b, 0)))
			}
			stats := s.Stats()
			assert.LessOrEqual(t, stats.Memory, int64(memoryPages+2)*pageSize)
			assert.EqualValues(t, 1, stats.Files)
			assert.EqualValues(t, 1, stats.Spills)
			assert.InDelta(t, b.Len(), stats.Memory+stats.Disk, 4*pageSize)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left)
			b.Release()
			released(t, s)
		})
	}
}

// TestSpill_Round checks that a Buffer whose bytes are discarded as they are read
// takes no more of the disk than it may hold.
func TestSpill_Round(t *testing.T) {
	d := newFakeDisk()
	s, _ := spaceOn(t, d, roomy)
	const most = 200_000
	var b Buffer
	b.Init(s, most, netip.Addr{})
	defer b.Release()
	task, p := newTask(), make([]byte, 30_000)
	for read := 0; read < 20*most; {
		for {
			n, err := b.Append(task, pattern(int(b.Len()), 20_000))
			if err == ErrFull {
				require.Less(t, n, 20_000)
				break
			}
			require.NoError(t, err)
		}
		require.EqualValues(t, most, b.Len()-int64(read))
		for end := read + 30_000; read < end; {
			n, err := b.ReadAt(task, p, int64(read))
			require.NoError(t, err)
			require.True(t, bytes.Equal(pattern(read, n), p[:n]))
			read += n
			b.Discard(int64(read))
		}
	}
	assert.LessOrEqual(t, d.peak, most+2*pageSize)
	b.Discard(b.Len())
	assert.LessOrEqual(t, s.Stats().Memory, int64(pageSize))
	_, err := b.Append(task, make([]byte, 100))
	require.NoError(t, err)
	assert.False(t, b.spill.used, "memory comes first again")
}

// TestSpill_Random does at random what a task can do, on a disk that fails at
// random, and compares with the bytes.
func TestSpill_Random(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 16))
		d := newFakeDisk()
		s, _ := spaceOn(t, d, Limits{Memory: int64(r.IntN(16)) * pageSize, Disk: int64(r.IntN(20)) * pageSize, Files: r.IntN(3) + 1})
		s.patience = time.Millisecond
		var b Buffer
		b.Init(s, int64(1+r.IntN(20*pageSize)), netip.MustParseAddr("192.0.2.1"))
		var all []byte
		task, discarded := newTask(), 0
		for range 100 {
			switch r.IntN(8) {
			case 0, 1, 2, 3:
				p := pattern(len(all), r.IntN(2*pageSize))
				n, err := b.Append(task, p)
				if err != nil && err != ErrShare {
					require.Equal(t, ErrFull, err, "seed %d", seed)
				}
				all = append(all, p[:n]...)
			case 4, 5:
				off := discarded + r.IntN(len(all)-discarded+1)
				p := make([]byte, r.IntN(2*pageSize)+1)
				n, err := b.ReadAt(task, p, int64(off))
				if off == len(all) {
					require.Equal(t, io.EOF, err)
				} else if err == nil {
					require.Positive(t, n)
				}
				require.True(t, bytes.Equal(all[off:off+n], p[:n]), "seed %d: %d bytes at %d", seed, n, off)
			case 6:
				discarded += r.IntN(len(all) - discarded + 1)
				if r.IntN(3) == 0 {
					discarded = len(all)
				}
				b.Discard(int64(discarded))
			case 7:
				if r.IntN(4) == 0 {
					d.set(false, syscall.ENOSPC)
				} else {
					d.set(false, nil)
				}
			}
			require.EqualValues(t, len(all), b.Len())
		}
		b.Release()
	}
}

// TestSpill_Stalled checks that a disk that makes no progress stops nobody for long,
// that the bytes are at hand nevertheless, and that the disk is used again later.
func TestSpill_Stalled(t *testing.T) {
	d := newFakeDisk()
	s, log := spaceOn(t, d, roomy)
	s.patience = 10 * time.Millisecond
	d.set(true, nil)
	var a, b, small Buffer
	for _, b := range []*Buffer{&a, &b, &small} {
		b.Init(s, 10<<20, netip.Addr{})
	}
	task := newTask()
	n, err := a.Append(task, pattern(0, 1<<20))
	assert.Equal(t, ErrFull, err)
	assert.Equal(t, (memoryPages+2)*pageSize, n, "what fits in memory, and what is on its way")
	assert.True(t, bytes.Equal(pattern(0, n), readAll(t, &a, 0)))
	assert.Equal(t, ErrFull, a.Full())

	s.patience = time.Hour // nobody else waits
	n, err = b.Append(task, pattern(0, 1<<20))
	assert.Equal(t, ErrFull, err)
	assert.Equal(t, memoryPages*pageSize, n)
	assert.EqualValues(t, 3, s.Stats().Refused[RefusedStalled])
	_, err = small.Append(task, pattern(0, 1000))
	assert.NoError(t, err)
	a.Release() // in the middle of a write

	d.set(false, nil)
	soon(t, func() bool { return s.Stats().Files == 0 }, "the file is not closed")
	more, err := b.Append(task, pattern(n, 1<<20))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(pattern(0, n+more), readAll(t, &b, 0)))
	b.Release()
	small.Release()
	released(t, s)
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("makes no progress")), log.String())
}

// TestSpill_StalledWorkers checks that a stalled disk takes a bounded number of
// goroutines.
func TestSpill_StalledWorkers(t *testing.T) {
	d := newFakeDisk()
	s, _ := spaceOn(t, d, Limits{Memory: 64 << 20, Disk: 1 << 30, Files: 100})
	s.patience = time.Millisecond
	d.set(true, nil)
	var all [40]Buffer
	for i := range all {
		all[i].Init(s, 10<<20, netip.Addr{})
		_, err := all[i].Append(newTask(), make([]byte, 200_000))
		assert.Equal(t, ErrFull, err)
	}
	d.mu.Lock()
	assert.LessOrEqual(t, d.waits, filework.Workers)
	d.mu.Unlock()
	for i := range all {
		all[i].Release()
	}
}

// TestSpill_Failing checks that bytes that cannot be written are at hand, and that a
// disk that has failed is used again after a while. The log has one line for each
// failure that comes after a success.
func TestSpill_Failing(t *testing.T) {
	for _, fails := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EMFILE} {
		t.Run(fails.Error(), func(t *testing.T) {
			d := newFakeDisk()
			s, log := spaceOn(t, d, roomy)
			d.set(false, fails)
			reason := RefusedFailed
			if fails == syscall.EMFILE {
				reason = RefusedFiles
			}
			task := newTask()
			for range 3 {
				var b Buffer
				b.Init(s, 10<<20, netip.Addr{})
				n, err := b.Append(task, pattern(0, 1<<20))
				assert.Equal(t, ErrFull, err)
				assert.GreaterOrEqual(t, n, memoryPages*pageSize)
				assert.True(t, bytes.Equal(pattern(0, n), readAll(t, &b, 0)))
				b.Release()
			}
			assert.Positive(t, s.Stats().Refused[reason])
			assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("WARN")), log.String())
			d.set(false, nil)
			s.mu.Lock()
			s.folder.retry = time.Time{} // the pause is over
			s.mu.Unlock()
			var b Buffer
			b.Init(s, 10<<20, netip.Addr{})
			_, err := b.Append(task, pattern(0, 1<<20))
			assert.NoError(t, err)
			b.Release()
		})
	}
}

// TestSpill_ReadFails checks that a read that fails says so.
func TestSpill_ReadFails(t *testing.T) {
	d := newFakeDisk()
	s, log := spaceOn(t, d, roomy)
	var b Buffer
	b.Init(s, 10<<20, netip.Addr{})
	defer b.Release()
	_, err := b.Append(newTask(), pattern(0, 1<<20))
	require.NoError(t, err)
	d.set(false, syscall.EIO)
	_, err = b.ReadAt(newTask(), make([]byte, 10), memoryPages*pageSize)
	assert.ErrorIs(t, err, syscall.EIO)
	assert.Equal(t, syscall.EIO, b.Check(newTask()))
	assert.Contains(t, log.String(), "cannot read a body from buffer_dir")
}

// TestSpill_ReadStalls checks that a task does not wait for ever for its bytes.
func TestSpill_ReadStalls(t *testing.T) {
	d := newFakeDisk()
	s, _ := spaceOn(t, d, roomy)
	s.readPatience = time.Millisecond
	var b Buffer
	b.Init(s, 10<<20, netip.Addr{})
	defer b.Release()
	_, err := b.Append(newTask(), pattern(0, 1<<20))
	require.NoError(t, err)
	d.set(true, nil)
	_, err = b.ReadAt(newTask(), make([]byte, 10), memoryPages*pageSize)
	assert.ErrorIs(t, err, errStalled)
	d.set(false, nil)
	s.readPatience = time.Hour
	soon(t, func() bool {
		_, err = b.ReadAt(newTask(), make([]byte, 10), memoryPages*pageSize)
		return err == nil
	}, "the disk goes again")
}

// TestSpill_Lost checks that nobody waits for bytes on a disk that is known not to
// give any back, and that the log says so once.
func TestSpill_Lost(t *testing.T) {
	d := newFakeDisk()
	s, log := spaceOn(t, d, roomy)
	var a, b, inside Buffer
	for _, b := range []*Buffer{&a, &b, &inside} {
		b.Init(s, 10<<20, netip.Addr{})
		defer b.Release()
	}
	for _, b := range []*Buffer{&a, &b} {
		_, err := b.Append(newTask(), pattern(0, 1<<20))
		require.NoError(t, err)
		require.NoError(t, b.Check(newTask()))
	}
	_, err := inside.Append(newTask(), pattern(0, 1000))
	require.NoError(t, err)
	d.set(true, nil)
	s.readPatience = time.Millisecond
	assert.ErrorIs(t, a.Check(newTask()), errStalled)
	s.readPatience = time.Hour
	assert.ErrorIs(t, a.Check(newTask()), errStalled)
	assert.ErrorIs(t, b.Check(newTask()), errStalled)
	assert.NoError(t, inside.Check(newTask()))
	d.set(false, nil)
	soon(t, func() bool { return b.Check(newTask()) == nil }, "the disk goes again")
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("WARN")), log.String())
	assert.Contains(t, log.String(), `"cannot read a body from buffer_dir" effect="its request fails"`)
}

// TestSpace_FolderHangs checks that a new folder is used while the disk of the old
// one hangs.
func TestSpace_FolderHangs(t *testing.T) {
	old, other := newFakeDisk(), newFakeDisk()
	s := NewSpace(slog.New(slog.DiscardHandler))
	s.patience = time.Millisecond
	s.OpenWith(func(dir string) (Store, error) {
		if dir == "/old" {
			return old.open(dir)
		}
		return other.open(dir)
	})
	use := func(dir string) {
		l := roomy
		l.Dir = dir
		s.Configure(l)
		soon(t, func() bool { return s.Stats().NoDisk == "" }, "not checked")
	}
	fill := func(b *Buffer) error {
		b.Init(s, 10<<20, netip.Addr{})
		_, err := b.Append(newTask(), make([]byte, 1<<18))
		return err
	}
	use("/old")
	old.set(true, nil)
	var all [2*filework.Workers + 1]Buffer
	for i := range 2 * filework.Workers {
		assert.Equal(t, ErrFull, fill(&all[i]))
	}
	use("/new")
	s.patience = time.Hour
	assert.NoError(t, fill(&all[2*filework.Workers]))
	old.set(false, nil)
	for i := range all {
		all[i].Release()
	}
	released(t, s)
}

// TestSpill_Interrupted checks that a task can leave the disk at any time, which then
// keeps what it needs.
func TestSpill_Interrupted(t *testing.T) {
	d := newFakeDisk()
	s, _ := spaceOn(t, d, roomy)
	s.patience = time.Hour
	var writes, reads Buffer
	writes.Init(s, 10<<20, netip.Addr{})
	reads.Init(s, 10<<20, netip.Addr{})
	_, err := reads.Append(newTask(), pattern(0, 1<<20))
	require.NoError(t, err)
	soon(t, func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.waits == 0 }, "busy")
	d.set(true, nil)
	for _, do := range []func(*task) error{
		func(t *task) error { _, err := writes.Append(t, pattern(0, 1<<20)); return err },
		func(t *task) error { _, err := reads.ReadAt(t, make([]byte, 10), memoryPages*pageSize); return err },
	} {
		task, ended := newTask(), make(chan error)
		d.mu.Lock()
		before := d.waits
		d.mu.Unlock()
		go func() { ended <- do(task) }()
		soon(t, func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.waits > before }, "not begun")
		task.Wake() // by something else
		task.cut <- netloop.ErrGone
		assert.Equal(t, netloop.ErrGone, <-ended)
	}
	writes.Release()
	reads.Release()
	assert.EqualValues(t, 2, s.Stats().Files, "what the disk works on stays")
	assert.Positive(t, s.Stats().Memory)
	d.set(false, nil)
	released(t, s)
}

// TestSpace_DiskBounds checks the bounds on disk.
func TestSpace_DiskBounds(t *testing.T) {
	const client = "192.0.2.1"
	for name, c := range map[string]struct {
		limits Limits
		client string
		most   int // pages that one Buffer takes
		reason Reason
	}{
		"disk":             {Limits{Memory: 1 << 20, Disk: 3 * pageSize, Files: 4}, "", memoryPages + 3, RefusedDisk},
		"share of disk":    {Limits{Memory: 1 << 20, Disk: 12 * pageSize, Files: 4}, client, memoryPages + 3, RefusedShare},
		"no files":         {Limits{Memory: 1 << 20, Disk: 1 << 30}, "", memoryPages, RefusedNoDisk},
		"no disk":          {Limits{Memory: 1 << 20, Files: 4}, "", memoryPages, RefusedNoDisk},
		"no memory at all": {Limits{Disk: 1 << 30, Files: 4}, "", 0, RefusedMemory},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := spaceOn(t, newFakeDisk(), c.limits)
			var b Buffer
			addr, _ := netip.ParseAddr(c.client)
			b.Init(s, 10<<20, addr)
			defer b.Release()
			n, err := b.Append(newTask(), pattern(0, 1<<20))
			full := ErrFull
			if c.reason == RefusedShare {
				full = ErrShare
			}
			assert.Equal(t, full, err)
			assert.Equal(t, c.most*pageSize, n)
			assert.Positive(t, s.Stats().Refused[c.reason], "%v", s.Stats().Refused)
			assert.Equal(t, full, b.Full())
		})
	}
}

// TestSpace_Written checks that a body that has stopped keeps one page of those that
// go to its file, and that those in the file can be read.
func TestSpace_Written(t *testing.T) {
	s, _ := spaceOn(t, newFakeDisk(), roomy)
	var b Buffer
	b.Init(s, 10<<20, netip.Addr{})
	text := bytes.Repeat([]byte("0123456789abcdef"), (InMemory+2*pageSize)/16+1)
	_, err := b.Append(newTask(), text)
	require.NoError(t, err)
	soon(t, func() bool { return s.Stats().Memory == InMemory+pageSize }, "the written page is kept")
	got := make([]byte, pageSize)
	n, err := b.ReadAt(newTask(), got, InMemory+pageSize)
	require.NoError(t, err)
	assert.Equal(t, text[:n], got[:n])
	b.Release()
	soon(t, func() bool { return s.Stats().Memory == 0 }, "released")
}

// TestSpace_Files checks the bounds on the number of files.
func TestSpace_Files(t *testing.T) {
	s, _ := spaceOn(t, newFakeDisk(), Limits{Memory: 16 << 20, Disk: 1 << 30, Files: 8})
	var all [12]Buffer
	spilled := func(i int, client string) bool {
		addr, _ := netip.ParseAddr(client)
		all[i].Init(s, 10<<20, addr)
		_, err := all[i].Append(newTask(), make([]byte, 100_000))
		return err == nil
	}
	assert.True(t, spilled(0, "192.0.2.1"))
	assert.True(t, spilled(1, "192.0.2.1"))
	assert.False(t, spilled(2, "192.0.2.1"), "a quarter of them")
	for i := 3; i < 9; i++ {
		assert.True(t, spilled(i, fmt.Sprintf("192.0.2.%d", i)))
	}
	assert.False(t, spilled(9, "192.0.2.9"))
	assert.EqualValues(t, 1, s.Stats().Refused[RefusedFiles])
	all[0].Release()
	soon(t, func() bool { return s.Stats().Files == 7 }, "not closed")
	assert.True(t, spilled(10, "192.0.2.10"))
	for i := range all {
		all[i].Release()
	}
}

// TestSpace_MemoryIsFull checks that bodies go to the disk when others have the
// memory.
func TestSpace_MemoryIsFull(t *testing.T) {
	s, _ := spaceOn(t, newFakeDisk(), Limits{Memory: 32 * pageSize, Disk: 1 << 30, Files: 100})
	var all [8]Buffer
	for i := range all {
		all[i].Init(s, 10<<20, netip.Addr{})
		_, err := all[i].Append(newTask(), make([]byte, memoryPages*pageSize))
		require.NoError(t, err)
	}
	stats := s.Stats()
	assert.LessOrEqual(t, stats.Memory, int64(32*pageSize))
	assert.Equal(t, 2, stats.Files)
	assert.Zero(t, stats.Refused[RefusedMemory], "nothing was refused")
	for i := range all {
		all[i].Release()
	}
}

// TestSpace_MemoryForFiles checks that bodies which come slowly go to files when
// others have the memory, each from its first byte.
func TestSpace_MemoryForFiles(t *testing.T) {
	s, _ := spaceOn(t, newFakeDisk(), Limits{Memory: 64 * pageSize, Disk: 1 << 30, Files: 16})
	const inMemory = (64 - 64/tailShare) / memoryPages
	all := make([]Buffer, inMemory+16)
	for i := range all {
		n := pageSize // as much as has come
		if i < inMemory {
			n = InMemory
		}
		all[i].Init(s, 10<<20, netip.Addr{})
		_, err := all[i].Append(newTask(), make([]byte, n))
		require.NoError(t, err)
	}
	stats := s.Stats()
	assert.Equal(t, 16, stats.Files)
	assert.Zero(t, stats.Refused[RefusedMemory])
	for i := range all {
		all[i].Release()
	}
}

// TestFolder checks that a folder in memory is not used.
func TestFolder(t *testing.T) {
	if checkFolder("/dev/shm") == nil {
		t.Skip("/dev/shm is not in memory")
	}
	var log bytes.Buffer
	s := NewSpace(slog.New(slog.NewTextHandler(&log, nil)))
	unfit := func(dir string) string {
		l := roomy
		l.Dir = dir
		s.Configure(l)
		var why string
		soon(t, func() bool {
			why = s.Stats().NoDisk
			return why != "the folder is being checked"
		}, "not checked")
		return why
	}
	assert.Equal(t, "/dev/shm is a tmpfs, which is memory", unfit("/dev/shm"))
	assert.Contains(t, log.String(), "set buffer_dir")
	assert.Contains(t, unfit(filepath.Join(t.TempDir(), "none")), "no such file")
	assert.Contains(t, unfit("/proc"), "/proc", "no file can be made there")
	var b Buffer
	b.Init(s, 10<<20, netip.Addr{})
	n, err := b.Append(newTask(), make([]byte, 1<<20))
	assert.Equal(t, ErrFull, err)
	assert.Equal(t, memoryPages*pageSize, n)
	b.Release()
	if checkFolder(DefaultDir) == nil { // a temporary folder can be in memory
		assert.Empty(t, unfit(DefaultDir))
	}
	s.Configure(Limits{})
	assert.Empty(t, s.Stats().NoDisk)
}

// TestFolder_Vanishes checks that a reload finds out that the folder has vanished.
func TestFolder_Vanishes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	require.NoError(t, os.Mkdir(dir, 0o700))
	s := NewSpace(slog.New(slog.DiscardHandler))
	s.OpenWith(openFile)
	l := roomy
	l.Dir = dir
	s.Configure(l)
	soon(t, func() bool { return s.Stats().NoDisk == "" }, "not checked")
	s.Configure(l)
	assert.Empty(t, s.Stats().NoDisk, "it is used meanwhile")
	require.NoError(t, os.Remove(dir))
	s.Configure(l)
	soon(t, func() bool { return s.Stats().NoDisk != "" }, "not found out")
	require.NoError(t, os.Mkdir(dir, 0o700))
	s.Configure(l)
	soon(t, func() bool { return s.Stats().NoDisk == "" }, "not used again")
}

// TestSpace_NewFolder checks that a reload changes the folder.
func TestSpace_NewFolder(t *testing.T) {
	s := NewSpace(slog.New(slog.DiscardHandler))
	s.check = func(string) error { return nil }
	var mu sync.Mutex
	var opened []string
	s.open = func(dir string) (Store, error) {
		mu.Lock()
		defer mu.Unlock()
		opened = append(opened, dir)
		return &fakeFile{d: newFakeDisk()}, nil
	}
	for _, dir := range []string{"/a", "/b", "/b", ""} {
		l := roomy
		l.Dir = dir
		s.Configure(l)
		soon(t, func() bool { return s.Stats().NoDisk == "" }, "not checked")
		var b Buffer
		b.Init(s, 10<<20, netip.Addr{})
		_, err := b.Append(newTask(), make([]byte, 1<<20))
		require.NoError(t, err)
		b.Release()
	}
	released(t, s)
	assert.Equal(t, []string{"/a", "/b", DefaultDir}, slices.Compact(opened))
}
