package static

import (
	"sync"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Get returns the file that a request asks for at a static of the plan whose folder
// this is. The path of the request must be below the prefix. The caller has to call
// Set.Release. It fails with one of the errors of this package, one of the system, or
// one of netloop.Task.Park.
func (f *Folder) Get(t netloop.Task, of *plan.Static, r *head.Request) (*File, error) {
	name, unserved := of.Name(r.Path, r.RawPath)
	if unserved != "" {
		return nil, ErrMissing
	}
	accept := acceptNone
	if f.precompressed {
		accept = AcceptOf(r)
	}
	if len(name) == 0 && r.Path[len(r.Path)-1] != '/' { // the prefix itself
		return f.askFor(t, accept, "", true)
	}
	s, now := f.set, t.Now()
	s.mu.Lock()
	if e := f.entries[accept][string(name)]; e != nil && now < e.until {
		s.entries.MoveToFront(e.place)
		if e.file != nil {
			e.file.refs++
			e.file.users++
		}
		s.mu.Unlock()
		return e.file, e.err
	}
	s.mu.Unlock()
	return f.askFor(t, accept, string(name), false)
}

// askFor has a file worker look.
func (f *Folder) askFor(t netloop.Task, accept Accept, name string, isPrefix bool) (*File, error) {
	j := &lookJob{accept: accept, name: name}
	j.folder, j.op, j.work = f, OpLook, j
	if err := j.done(t); err != nil {
		return nil, err
	}
	switch {
	case isPrefix && j.err == nil:
		f.set.Release(j.file)
		return nil, ErrFolder
	case j.err != nil:
		return nil, j.err
	}
	return j.file, nil
}

// A lookJob finds a file.
type lookJob struct {
	job
	accept Accept
	name   string
	file   *File
}

func (j *lookJob) do() error {
	var err error
	j.file, err = j.folder.look(j.accept, j.name)
	return err
}

// leftOver gives back a file that nobody waits for any more.
func (j *lookJob) leftOver() {
	if j.file != nil {
		j.folder.set.Release(j.file)
	}
}

// A job is a piece of file work for a task. What it works on is its own, so that the
// task can leave it.
type job struct {
	folder *Folder
	op     Op
	work   interface {
		do() error // in a file worker
		leftOver() // there, or in the task: the task has left the job, and it has ended
	}
	err error // of do, valid once the job has ended

	mu    sync.Mutex // guards all below
	task  netloop.Task
	ended bool
	left  bool
}

// done has the job done, and waits for it. It fails if the job is not done, or not in
// time: then it may still be done later, but nobody gets its result.
func (j *job) done(t netloop.Task) error {
	f := j.folder
	switch {
	case f.late.Load():
		return ErrStalled // and nobody else waits for the disk
	case f.queue.Len() >= maxWaiting:
		return ErrBusy
	}
	j.task = t
	f.queue.Add(j)
	until := netloop.Now().Add(f.set.patience)
	for {
		err := t.Park(until)
		j.mu.Lock()
		if j.ended {
			j.mu.Unlock()
			return nil
		}
		if err != nil {
			j.task, j.left = nil, true
			if err == netloop.ErrTimeout {
				f.late.Store(true) // before Do ends the job
				err = ErrStalled
			}
			j.mu.Unlock()
			return err
		}
		j.mu.Unlock() // woken by something else
	}
}

// Do does the job, in a file worker.
func (j *job) Do() {
	j.mu.Lock()
	left := j.left
	j.mu.Unlock()
	if !left {
		if stall := j.folder.set.stall; stall != nil {
			stall(j.op)
		}
		j.err = j.work.do()
	}
	j.mu.Lock()
	j.ended = true
	left = j.left
	if j.task != nil {
		j.task.Wake()
	}
	j.mu.Unlock()
	j.folder.late.Store(false)
	if left {
		j.work.leftOver()
	}
}
