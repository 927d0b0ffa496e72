package buffer

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// errStalled says that a job has taken too long. It may still be done.
var errStalled = errors.New("the disk makes no progress")

// A disk does the file work of one folder for tasks, which park meanwhile. A job owns
// its memory, so a task can leave a job that takes too long.
type disk struct {
	space *Space
	queue *filework.Queue

	late atomic.Bool // a job has taken too long, and none has ended since; set with mu
	lost atomic.Bool // likewise, but it is a read that has taken longer

	mu sync.Mutex // guards what the jobs say
}

// submit has a job done.
func (d *disk) submit(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.file != nil {
		j.file.refs++
	}
	d.queue.Add(j)
}

// newDisk returns a disk of a Space.
func newDisk(s *Space) *disk { return &disk{space: s, queue: filework.New(s.busy, nil)} }

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
	unused := j.unused()
	d.mu.Unlock()
	d.giveBack(j, unused)
}

// written takes the page from a job that has written it, or returns nil: a body that
// comes slowly would hold the page until its next bytes come.
func (d *disk) written(j *job) *page {
	if j.op != opWrite || j.err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p := j.page
	j.page = nil
	return p
}

func (d *disk) giveBack(j *job, p *page) {
	if p != nil {
		d.space.givePage(j.file.account, p)
	}
}

// copyPage copies bytes of a page that is being written, from an offset within it. ok
// is false if the page is in the file.
func (d *disk) copyPage(p []byte, j *job, from int64) (n int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.page == nil {
		return 0, false
	}
	return copy(p, j.page[from:]), true
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
		d.queue.Add(&job{op: opClose, file: f})
	}
}

// finish ends a job.
func (d *disk) finish(j *job) {
	d.space.told(j)
	d.giveBack(j, d.written(j)) // before the task asks for the next one
	d.mu.Lock()
	j.ended = true
	d.late.Store(false)
	d.lost.Store(false)
	unused := j.unused()
	if j.task != nil {
		j.task.Wake()
	}
	if j.op == opRead || j.op == opWrite {
		d.drop(j.file)
	}
	d.mu.Unlock()
	d.giveBack(j, unused)
}
