//go:build !portable

package netloop

// ejob is a job of the epoll driver.
type ejob struct {
	loop   *loop
	task   *etask // used only by the loop; nil = the job has ended, and its task may run something else
	waiter *etask // in Wait; nil = none
}

func (t *etask) Go(f func(Task)) Job {
	j := &ejob{loop: t.loop}
	j.task = t.loop.task(func(u *etask) { j.run(u, f) })
	j.loop.jobs++
	j.task.waiting = true
	j.task.wake()
	return j
}

func (j *ejob) run(t *etask, f func(Task)) {
	defer func() {
		if p := recover(); p != nil {
			j.loop.d.opts.panicked(p)
		}
		j.task = nil
		j.loop.jobs--
		if j.waiter != nil {
			j.waiter.wake()
		}
	}()
	f(t)
}

func (j *ejob) Cancel() {
	j.loop.post(func() {
		if j.task != nil {
			j.task.interrupt(ErrGone)
		}
	})
}

func (j *ejob) Wait(by Task) {
	t := j.loop.ownTask(by)
	j.waiter = t
	for j.task != nil {
		t.until, t.on, t.waiting = 0, nil, true
		if !t.yield(struct{}{}) {
			break
		}
	}
	j.waiter = nil
}
