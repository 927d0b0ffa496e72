package buffer

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// workers is how many goroutines do file work at most. One that waits for a disk
// holds a thread of the system.
const workers = 4

// errStalled says that a job has taken too long. It may still be done.
var errStalled = errors.New("the disk makes no progress")

// A disk does the file work of one folder for tasks, which park meanwhile. A job owns its memory, so
// a task can leave a job that takes too long.
//
// Nobody waits for the goroutines: one that a disk never answers cannot be ended.
type disk struct {
	space *Space
	busy  func() (done func()) // see Space.WhileBusy; nil = none
	more  chan struct{}        // tells the idle worker of a job

	late atomic.Bool // a job has taken too long, and none has ended since; set with mu
	lost atomic.Bool // likewise, but it is a read that has taken longer

	mu      sync.Mutex
	first   *job // of those that no worker has begun; guarded by mu, as all below
	last    *job
	running int    // workers
	idle    bool   // the only worker waits for another job
	done    func() // of busy; nil = it was not called
}

type op uint8

const (
	opWrite op = iota // opens the file if it is not open
	opRead
	opClose
	opCheck // looks at a folder
)

// A job is one piece of file work.
type job struct {
	op     op
	file   *file
	folder *folder // for opCheck
	page   *page
	n      int
	at     int64 // in the file
	err    error // valid once done

	// Guarded by disk.mu.
	task  netloop.Task // waits for the job; nil = none
	ended bool
	left  bool // nobody wants the result
	next  *job
}

// A file holds the pages of one Buffer.
type file struct {
	account
	folder *folder
	store  Store // nil until a worker has opened it
	pages  int64 // that it may have; guarded by Space.mu
	refs   int   // the Buffer, and the jobs; guarded by disk.mu
}

// A Store is where the bytes of a Buffer are that are not in memory.
type Store interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// submit has a job done.
func (d *disk) submit(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.file != nil {
		j.file.refs++
	}
	d.add(j)
}

// newDisk returns a disk of a Space.
func newDisk(s *Space) *disk { return &disk{space: s, busy: s.busy, more: make(chan struct{}, 1)} }

func (d *disk) add(j *job) {
	if d.last == nil {
		d.first = j
	} else {
		d.last.next = j
	}
	d.last = j
	switch {
	case d.idle:
		d.idle = false
		d.more <- struct{}{}
	case d.running < workers:
		d.running++
		go d.work(d.running == 1)
	}
}

// wait waits in a task until a job has ended: for patience at most, after which it
// returns errStalled. Nobody waits to write to a disk that is known to be stalled.
func (d *disk) wait(t netloop.Task, j *job, patience time.Duration) error {
	until := netloop.Now().Add(patience)
	for {
		d.mu.Lock()
		if j.ended {
			j.task = nil
			d.mu.Unlock()
			return nil
		}
		if j.op == opWrite && d.late.Load() {
			j.task = nil
			d.mu.Unlock()
			return errStalled
		}
		j.task = t
		d.mu.Unlock()
		err := t.Park(until)
		if err == nil {
			continue // perhaps woken by something else
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		j.task = nil
		switch {
		case j.ended:
			return nil
		case err == netloop.ErrTimeout && netloop.Now() >= until:
			d.late.Store(true)
			if j.op == opRead {
				d.lost.Store(true)
			}
			return errStalled
		}
		return err
	}
}

// leave gives up a job: what it holds is given back once it has ended.
func (d *disk) leave(j *job) {
	d.mu.Lock()
	j.task, j.left = nil, true
	ended := j.ended
	d.mu.Unlock()
	if ended {
		d.space.givePage(j.file.account, j.page)
	}
}

// unref says that the Buffer of a file no longer uses it.
func (d *disk) unref(f *file) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(f)
}

// drop closes a file that nobody uses any more. The caller holds mu.
func (d *disk) drop(f *file) {
	if f.refs--; f.refs == 0 {
		d.add(&job{op: opClose, file: f})
	}
}

// linger is how long the last worker waits for another job: the next page of a body
// follows soon.
const linger = time.Second

// work does jobs until there are none. The first worker says that there is work.
func (d *disk) work(first bool) {
	if first && d.busy != nil {
		done := d.busy()
		d.mu.Lock()
		d.done = done
		d.mu.Unlock()
	}
	for {
		for j := d.take(); j != nil; j = d.take() {
			j.err = j.do()
			d.finish(j)
		}
		if d.leaves() {
			return
		}
	}
}

// leaves reports whether a worker that has found no job is to end. The last one
// waits for a while.
func (d *disk) leaves() bool {
	d.mu.Lock()
	if d.first != nil || d.idle || d.running > 1 {
		defer d.mu.Unlock()
		if d.first != nil {
			return false
		}
		d.running--
		return true
	}
	d.idle = true
	d.mu.Unlock()
	late := time.NewTimer(linger)
	defer late.Stop()
	select {
	case <-d.more:
		return false
	case <-late.C:
	}
	d.mu.Lock()
	if !d.idle { // a job came at the last moment
		d.mu.Unlock()
		<-d.more
		return false
	}
	d.idle = false
	d.running--
	done := d.done
	d.done = nil
	d.mu.Unlock()
	if done != nil {
		done()
	}
	return true
}

// take returns the next job, or nil if there is none.
func (d *disk) take() *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	j := d.first
	if j == nil {
		return nil
	}
	if d.first = j.next; d.first == nil {
		d.last = nil
	}
	j.next = nil
	return j
}

// finish ends a job.
func (d *disk) finish(j *job) {
	d.space.told(j)
	d.mu.Lock()
	j.ended = true
	d.late.Store(false)
	d.lost.Store(false)
	left := j.left
	if j.task != nil {
		j.task.Wake()
	}
	if j.op == opRead || j.op == opWrite {
		d.drop(j.file)
	}
	d.mu.Unlock()
	if left {
		d.space.givePage(j.file.account, j.page)
	}
}

// do does the work of a job.
func (j *job) do() error {
	switch j.op {
	case opCheck:
		return j.folder.try()
	case opClose:
		if j.file.store == nil {
			return nil
		}
		return j.file.store.Close()
	case opRead:
		n, err := j.file.store.ReadAt(j.page[:j.n], j.at)
		if n < j.n && err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if j.file.store == nil {
		s, err := j.file.folder.open(j.file.folder.path)
		if err != nil {
			return err
		}
		j.file.store = s
	}
	_, err := j.file.store.WriteAt(j.page[:j.n], j.at)
	return err
}
