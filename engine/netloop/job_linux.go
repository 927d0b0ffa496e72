package netloop

// ejob is a job of the epoll driver.
type ejob struct {
	loop *loop
	task *etask // used only by the loop; nil = the job has ended, and its task may run something else
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
