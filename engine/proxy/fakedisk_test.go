package proxy

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ldcorn/ldcorn/engine/buffer"
)

// A fakeDisk holds the files of buffers in memory, and hangs or fails as a test
// says.
type fakeDisk struct {
	mu    sync.Mutex // guards all below, and the files
	going *sync.Cond
	state diskState
	waits int // operations that hang
}

type diskState int

const (
	diskGoes  diskState = iota
	diskHangs           // makes no progress at all
	diskGulps           // takes everything, but gives nothing back
	diskLoses           // likewise, and says so
)

// newFakeDisk returns a disk. It goes in any case once the test has ended.
func newFakeDisk(t testing.TB, state diskState) *fakeDisk {
	d := &fakeDisk{state: state}
	d.going = sync.NewCond(&d.mu)
	t.Cleanup(func() { d.set(diskGoes) })
	return d
}

// keeps has the bodies of a rig wait on the disk.
func (d *fakeDisk) keeps(o *Options) {
	o.Buffers = buffer.NewSpace(o.Log)
	o.Buffers.OpenWith(func(string) (buffer.Store, error) { return &fakeFile{d: d}, nil })
}

// impatient has nobody wait for long for what is on the disk of the options.
func impatient(o *Options) { o.Buffers.SetPatience(patience, 200*time.Millisecond) }

func (d *fakeDisk) set(state diskState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = state
	d.going.Broadcast()
}

// hanging returns how many operations hang.
func (d *fakeDisk) hanging() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waits
}

// await waits while the disk hangs in some state. The caller holds mu.
func (d *fakeDisk) await(hangs func(diskState) bool) {
	for hangs(d.state) {
		d.waits++
		d.going.Wait()
		d.waits--
	}
}

// A fakeFile is a file on a fakeDisk.
type fakeFile struct {
	d *fakeDisk
	b []byte
}

func (f *fakeFile) ReadAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.await(func(s diskState) bool { return s == diskHangs || s == diskGulps })
	if f.d.state == diskLoses {
		return 0, syscall.EIO
	}
	return copy(p, f.b[at:]), nil
}

func (f *fakeFile) WriteAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.await(func(s diskState) bool { return s == diskHangs })
	if more := int(at) + len(p) - len(f.b); more > 0 {
		f.b = append(f.b, make([]byte, more)...)
	}
	return copy(f.b[at:], p), nil
}

func (f *fakeFile) Close() error { return nil }
