package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/proc"
)

// die ends the worker as kill -9 does: it stops listening, and then all of its
// connections end.
func (u *upstream) die() {
	u.ln.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.conns {
		c.Close()
	}
}

// TestDeathOfTheOnlyWorker checks that a request that the only worker was
// handling waits for its successor, and spends no retry on the other idle
// connections to the dead worker.
func TestDeathOfTheOnlyWorker(t *testing.T) {
	const idle = 8
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		var arrived sync.WaitGroup
		release, begun := make(chan bool), make(chan bool)
		dying := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			_, _ = readHead(in)
			arrived.Done()
			<-release
			io.WriteString(c, hello)
			if _, err := readHead(in); err == nil {
				begun <- true
			}
			untilGone(in)
		})
		arrived.Add(idle)
		var clients []*client
		for range idle {
			c := r.client()
			c.say(http1test.Get("/"))
			clients = append(clients, c)
		}
		arrived.Wait()
		close(release)
		for _, c := range clients {
			_, body := c.hear("GET")
			require.Equal(t, "hello", body)
		}
		r.idleAgain(dying)
		clients[0].say(http1test.Get("/"))
		<-begun
		dying.die()
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the request waits")
		assert.Zero(t, r.pools["default"].Ready(), "the dead worker is out of service")
		next := r.worker("default", serves)
		head, body := clients[0].hear("GET")
		assert.Contains(t, head, "HTTP/1.1 200 ")
		assert.Equal(t, "hello", body)
		assert.Equal(t, 1, next.heads())
		assert.Equal(t, idle+1, dying.heads(), "nothing more was sent to the dead worker")
	})
}

// TestBrokenConnectionOfALivingWorker checks that a worker that ends a
// connection but accepts others stays in service.
func TestBrokenConnectionOfALivingWorker(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", once(closes))
		c := r.client()
		for range 10 {
			c.say(http1test.Get("/"))
			_, body := c.hear("GET")
			require.Equal(t, "hello", body)
			assert.Equal(t, 1, r.pools["default"].Ready())
			r.idleAgain(u)
		}
	})
}

// TestDeadWorkerThatTakesConnections checks that a worker whose process is
// ending counts as dead, even if a child that it has left behind holds its
// socket open.
func TestDeadWorkerThatTakesConnections(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		dead := exec.Command("true")
		require.NoError(t, dead.Start())
		defer func() { _ = dead.Wait() }()
		soon(t, func() bool { return proc.Ending(dead.Process.Pid) }, "it has exited, and was not reaped")
		u := r.worker("default", func(_ net.Conn, in *bufio.Reader) { _, _ = readHead(in) },
			func(w *pool.Worker) { w.PID = dead.Process.Pid })
		c := r.client()
		c.say(http1test.Get("/"))
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the request waits for another worker")
		assert.Zero(t, r.pools["default"].Ready(), "the dead worker is out of service")
		assert.Equal(t, 1, u.heads())
		r.worker("default", serves)
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
	})
}

// TestPoison checks that a request that kills every worker that handles it
// kills at most two, and only one if two deaths could be the end of the group.
func TestPoison(t *testing.T) {
	for _, c := range []struct{ instances, restarts, deaths int }{
		{1, 0, 1}, {1, 1, 1}, {1, 2, 2}, {1, 3, 2},
		{2, 0, 1}, {2, 1, 2}, {2, 3, 2},
		{3, 0, 2}, {3, 1, 2}, {3, 3, 2},
	} {
		t.Run(fmt.Sprintf("%d workers, %d restarts", c.instances, c.restarts), func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				p.Groups[0].Instances, p.Groups[0].MaxRestartsOnCrash = c.instances, c.restarts
				r := newRig(t, driver, p)
				died := make(chan *upstream, 10)
				for range c.instances {
					r.mortal(died)
				}
				replaced, deaths := make(chan bool), 0
				go func() {
					defer close(replaced)
					for u := <-died; u != nil; u = <-died {
						deaths++
						r.pools["default"].Swap(nil, []*pool.Worker{u.worker})
						r.mortal(died)
					}
				}()
				cl := r.client()
				cl.say(http1test.Get("/"))
				head, _ := cl.hear("GET")
				assert.Contains(t, head, "HTTP/1.1 502 ")
				died <- nil // after all deaths
				<-replaced
				assert.Equal(t, c.deaths, deaths)
			})
		})
	}
}

// mortal adds a worker that dies from the first request that it reads.
func (r *rig) mortal(died chan<- *upstream) {
	self := make(chan *upstream, 1)
	self <- r.worker("default", func(_ net.Conn, in *bufio.Reader) {
		if _, err := readHead(in); err != nil {
			return
		}
		u := <-self
		died <- u
		u.die()
	})
}

// TestOrphanedConnections checks what happens when a worker's process has ended
// and something that it left behind holds its sockets: its requests are treated
// like those of any worker that dies.
func TestOrphanedConnections(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		begun := make(chan bool)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil {
					return
				}
				if !strings.HasPrefix(head, "GET / ") {
					begun <- true
					untilGone(in)
					return
				}
				io.WriteString(c, hello)
			}
		})
		get, post := r.client(), r.client()
		get.say(http1test.Get("/"))
		_, _ = get.hear("GET") // leaves an idle connection
		get.say(http1test.Get("/hang"))
		<-begun
		post.say("POST /hang HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		<-begun
		r.pools["default"].Swap(nil, []*pool.Worker{u.worker})
		u.worker.Ended()
		head, _ := post.hear("POST")
		assert.Contains(t, head, "HTTP/1.1 502 ")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "the GET waits")
		r.worker("default", serves)
		head, _ = get.hear("GET")
		assert.Contains(t, head, "HTTP/1.1 200 ")
	})
}

// TestLateBody checks that a head whose body is late is not held back for long.
func TestLateBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		heard := make(chan bool)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				if _, err := readHead(in); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nx-kept: whole\r\ncontent-length: 5\r\n\r\n")
				if <-heard {
					io.WriteString(c, "hello")
				}
			}
		})
		c := r.client()
		for range 3 {
			c.say(http1test.Get("/"))
			head := c.head()
			assert.Contains(t, head, "x-kept: whole\r\n", "%q", head)
			heard <- true
			body := make([]byte, 5)
			_, err := io.ReadFull(c.in, body)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(body))
		}
		close(heard)
	})
}

// TestHeadBeforeBody checks that a body that comes right after its head is part
// of the answer, and that the head stays intact.
func TestHeadBeforeBody(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				if _, err := readHead(in); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 103 Early\r\nlink: a\r\n\r\n")
				io.WriteString(c, "HTTP/1.1 200 OK\r\nx-kept: whole\r\ncontent-length: 5\r\n\r\n")
				io.WriteString(c, "he")
				io.WriteString(c, "llo")
			}
		})
		c := r.client()
		for range 50 {
			c.say(http1test.Get("/"))
			assert.Contains(t, c.head(), "HTTP/1.1 103 ")
			head, body := c.hear("GET")
			require.Contains(t, head, "x-kept: whole\r\n", "%q", head)
			require.Equal(t, "hello", body)
		}
	})
}
