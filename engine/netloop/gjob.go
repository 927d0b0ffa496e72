package netloop

// gjob is a job of the goroutine driver.
type gjob struct {
	task *gtask
	done chan struct{} // closed when the job has ended
}

func (t *gtask) Go(f func(Task)) Job {
	j := &gjob{task: newGtask(t.d), done: make(chan struct{})}
	t.d.jobBegins()
	go func() {
		defer t.d.jobEnds()
		defer close(j.done)
		defer j.task.Aside(false)
		defer j.task.end()
		defer func() {
			if p := recover(); p != nil {
				t.d.opts.panicked(p)
			}
		}()
		f(j.task)
	}()
	return j
}

func (j *gjob) Cancel() { j.task.interrupt(ErrGone) }

func (j *gjob) Wait(Task) { <-j.done }

// jobBegins counts a job that a task starts. That task is counted in serving,
// so serving is not 0 yet.
func (d *goroutines) jobBegins() {
	d.serving.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs++
}

func (d *goroutines) jobEnds() {
	defer d.serving.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs--
	d.quieten()
}
