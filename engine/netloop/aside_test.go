package netloop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestAside checks that a driver is quiet although a connection and a job are served
// that are aside, and not before they are.
func TestAside(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		tasks := make(chan netloop.Task, 2)
		h := handlerFunc(func(task netloop.Task, _ netloop.Conn) netloop.Verdict {
			task.Go(func(t netloop.Task) {
				tasks <- t
				_ = t.Park(0)
				t.Aside(true)
				_ = t.Park(0)
			})
			tasks <- task
			_ = task.Park(0)
			task.Aside(true)
			task.Aside(false)
			task.Aside(true)
			_ = task.Park(0)
			return netloop.Verdict{}
		})
		d, addr, ran := runs(t, name, h)
		c := dial(t, addr)
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		one, other := <-tasks, <-tasks
		d.Shutdown()
		one.Wake()
		select {
		case <-d.Quiet():
			t.Fatal("quiet with a task that is not aside")
		default:
		}
		other.Wake()
		<-d.Quiet()
		one.Wake()
		other.Wake()
		c.Close()
		require.NoError(t, <-ran)
	})
}
