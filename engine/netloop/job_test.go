package netloop_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// inTask runs f in the task of a connection, which is closed afterwards.
func inTask(t *testing.T, name string, opts netloop.Options, f func(netloop.Task)) netloop.Driver {
	t.Helper()
	done := make(chan bool)
	addr, d := serve(t, name, opts, func(task netloop.Task, _ netloop.Conn) netloop.Verdict {
		defer close(done)
		f(task)
		return netloop.Verdict{}
	})
	c := dial(t, addr)
	_, err := c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	require.NoError(t, err)
	<-done
	return d
}

// TestJobOutlives checks that a job runs on the loop of the task that started
// it, that it continues after that task has ended, and that it can start jobs
// and forks itself.
func TestJobOutlives(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		release := make(chan netloop.Task, 1)
		loops := make(chan *netloop.Loop, 4)
		inTask(t, name, netloop.Options{Loops: 2}, func(task netloop.Task) {
			loops <- task.Loop()
			task.Go(func(job netloop.Task) {
				release <- job
				if job.Park(0) != nil {
					return
				}
				loops <- job.Loop()
				job.Go(func(next netloop.Task) {
					next.Fork(func(fork netloop.Task) { loops <- fork.Loop() }).Wait(next)
					loops <- next.Loop()
				})
			})
		})
		first := <-loops
		(<-release).Wake()
		for range 3 {
			assert.Same(t, first, <-loops)
		}
	})
}

// TestJobCancel checks that Cancel ends every kind of wait of a job, current
// and later, until the job calls Watch.
func TestJobCancel(t *testing.T) {
	up := holder(t, "")
	waits := map[string]func(netloop.Task) error{
		"parked": func(job netloop.Task) error { return job.Park(0) },
		"reads from an upstream": func(job netloop.Task) error {
			u, err := job.Dial(up, 0)
			if err != nil {
				return err
			}
			defer u.Close()
			_, err = u.Read(job, make([]byte, 1), 0)
			return err
		},
		"writes to an upstream": func(job netloop.Task) error {
			u, err := job.Dial(up, 0)
			if err != nil {
				return err
			}
			defer u.Close()
			for err == nil {
				_, err = u.Write(job, make([]byte, 1<<20), nil, 0)
			}
			return err
		},
	}
	drivers(t, func(t *testing.T, name string) {
		for what, wait := range waits {
			t.Run(what, func(t *testing.T) {
				errs := make(chan error, 3)
				begun := make(chan netloop.Job, 1)
				inTask(t, name, netloop.Options{}, func(task netloop.Task) {
					begun <- task.Go(func(job netloop.Task) {
						errs <- wait(job)
						errs <- job.Park(0)
						job.Watch(nil, nil)
						errs <- job.Park(netloop.Now().Add(time.Millisecond))
					})
				})
				(<-begun).Cancel()
				assert.ErrorIs(t, <-errs, netloop.ErrGone)
				assert.ErrorIs(t, <-errs, netloop.ErrGone)
				assert.ErrorIs(t, <-errs, netloop.ErrTimeout)
			})
		}
	})
}

// TestJobCancelLate checks that a Cancel after the end of a job does nothing,
// not even to another job that reuses its task.
func TestJobCancelLate(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		ended, result := make(chan netloop.Job, 1), make(chan error, 1)
		inTask(t, name, netloop.Options{Loops: 1}, func(task netloop.Task) {
			ran := make(chan bool, 1)
			job := task.Go(func(netloop.Task) { ran <- true })
			for len(ran) == 0 {
				task.Park(netloop.Now().Add(time.Millisecond))
			}
			ended <- job
			task.Go(func(next netloop.Task) { result <- next.Park(netloop.Now().Add(50 * time.Millisecond)) })
		})
		job := <-ended
		job.Cancel()
		job.Cancel()
		assert.ErrorIs(t, <-result, netloop.ErrTimeout)
	})
}

// TestJobWait checks that a task can wait for a job although its other waits are cut, and
// for one that has ended.
func TestJobWait(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		begun, ended := make(chan bool, 1), make(chan bool, 1)
		parked, order := make(chan error, 1), make(chan string, 2)
		h := handlerFunc(func(task netloop.Task, _ netloop.Conn) netloop.Verdict {
			job := task.Go(func(job netloop.Task) {
				begun <- true
				job.Park(0)
				order <- "job"
			})
			parked <- task.Park(0)
			job.Wait(task)
			order <- "task"
			job.Wait(task)
			ended <- true
			return netloop.Verdict{}
		})
		d, addr, ran := runs(t, name, h)
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		<-begun
		d.Shutdown()
		d.Abort()
		assert.ErrorIs(t, <-parked, netloop.ErrStopped)
		assert.Equal(t, "job", <-order)
		assert.Equal(t, "task", <-order)
		<-ended
		require.NoError(t, <-ran)
	})
}

// TestJobPanic checks that a panic ends the job and nothing else.
func TestJobPanic(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		said, other := make(chan any, 1), make(chan error, 1)
		inTask(t, name, netloop.Options{OnPanic: func(v any, _ []byte) { said <- v }}, func(task netloop.Task) {
			task.Go(func(job netloop.Task) { other <- job.Park(netloop.Now().Add(time.Millisecond)) })
			task.Go(func(netloop.Task) { panic("boom") })
		})
		assert.Equal(t, "boom", <-said)
		assert.ErrorIs(t, <-other, netloop.ErrTimeout)
	})
}

// TestShutdownWaitsForJobs checks that Shutdown waits for jobs and that Abort
// ends their waits, even in a job that was canceled before and took that back.
func TestShutdownWaitsForJobs(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		type job struct {
			netloop.Job
			task netloop.Task
		}
		jobs, errs, aborted := make(chan job, 2), make(chan error, 4), make(chan bool)
		h := handlerFunc(func(task netloop.Task, _ netloop.Conn) netloop.Verdict {
			tasks := make(chan netloop.Task, 2)
			first := task.Go(func(t netloop.Task) {
				tasks <- t
				errs <- t.Park(0)
			})
			second := task.Go(func(t netloop.Task) {
				tasks <- t
				errs <- t.Park(0)
				<-aborted
				t.Watch(nil, nil)
				errs <- t.Park(0)
			})
			for len(tasks) < 2 {
				task.Park(netloop.Now().Add(time.Millisecond))
			}
			jobs <- job{first, <-tasks}
			jobs <- job{second, <-tasks}
			return netloop.Verdict{}
		})
		d, addr, ran := runs(t, name, h)
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		_, second := <-jobs, <-jobs
		d.Shutdown()
		_, err = io.ReadAll(c)
		require.NoError(t, err, "the connection has ended")
		select {
		case <-ran:
			t.Fatal("ended with a job running")
		case <-d.Quiet():
			t.Fatal("quiet with a job running")
		default:
		}
		second.Cancel()
		assert.ErrorIs(t, <-errs, netloop.ErrGone)
		d.Abort()
		close(aborted)
		for range 2 {
			assert.ErrorIs(t, <-errs, netloop.ErrStopped)
		}
		require.NoError(t, <-ran)
		<-d.Quiet()
	})
}
