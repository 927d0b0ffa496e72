package proxy

import (
	"bytes"
	"io"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A memoryClient is a Client without a socket, like a stream of HTTP/2: its
// request and its answer are in memory, and its request runs in a job that is
// canceled when the client goes away. It shows that a Request needs nothing but
// a Client.
type memoryClient struct {
	t       *testing.T
	head    head.Request
	started chan netloop.Job
	end     chan Ending

	mu       sync.Mutex // guards all below
	changed  *sync.Cond
	job      netloop.Job
	watching bool
	gone     bool
	waiter   netloop.Task // waits in AwaitBody or Send; nil = none
	first    []byte
	body     []byte // not yet returned by ReadBody
	whole    bool   // nothing more will come
	asked    bool
	begun    AnswerHead
	fields   string
	interim  []int
	answer   []byte
	answered bool        // the answer is complete
	closed   bool        // the window is closed, so Send waits
	held     func(int64) // to call before Send waits
	sent     int64
}

// A memoryRig is a rig whose connections can each start a request of a
// memoryClient, instead of speaking HTTP/1.
type memoryRig struct {
	*rig
	jobs chan func(netloop.Task) // one for each new connection
}

func newMemoryRig(t *testing.T, driver string, p *plan.Plan, more ...func(*Options)) *memoryRig {
	m := &memoryRig{jobs: make(chan func(netloop.Task), 1)}
	m.rig = newRig(t, driver, p, append(more, func(o *Options) {
		o.Handler = func(*Proxy) netloop.Handler { return m }
	})...)
	return m
}

// Serve runs the function that a test has for the connection.
func (m *memoryRig) Serve(t netloop.Task, c netloop.Conn) netloop.Verdict {
	select {
	case job := <-m.jobs:
		job(t)
		return netloop.Verdict{}
	default:
		return m.proxy.Serve(t, c)
	}
}

// A memoryHead has the contents of a request's head.
type memoryHead struct {
	method, target string
	fields         [][2]string
	streamed       bool // a body of unknown length follows
}

// fill fills in a head like the codec of another HTTP version.
func (h *memoryHead) fill(t *testing.T, r *head.Request) {
	var fields []head.Field
	for _, f := range h.fields {
		fields = append(fields, head.Field{Name: []byte(f[0]), Value: []byte(f[1])})
	}
	r.Reset()
	require.Nil(t, r.Fill("HTTP/2", []byte(h.method), []byte(h.target), fields, h.streamed, false))
}

// ask makes the proxy serve a request in a job.
func (m *memoryRig) ask(t *testing.T, head *memoryHead, first []byte, whole bool) *memoryClient {
	return m.askWith(t, head, first, whole, func(*memoryClient) {})
}

// askWith is ask for a client that change has modified.
func (m *memoryRig) askWith(t *testing.T, head *memoryHead, first []byte, whole bool, change func(*memoryClient)) *memoryClient {
	c := &memoryClient{t: t, first: first, whole: whole, started: make(chan netloop.Job, 1), end: make(chan Ending, 1)}
	c.changed = sync.NewCond(&c.mu)
	change(c)
	head.fill(t, &c.head)
	m.jobs <- func(task netloop.Task) {
		c.started <- task.Go(func(job netloop.Task) {
			r := m.proxy.NewRequest(c)
			end := r.Serve(job, m.proxy.Snapshot(), &c.head)
			r.Reset()
			c.end <- end
		})
	}
	conn := m.dial()
	_, err := conn.Write([]byte("x"))
	require.NoError(t, err)
	c.job = <-c.started
	conn.Close()
	return c
}

// leave does what a client does when it resets its stream.
func (c *memoryClient) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if c.watching {
		c.job.Cancel()
	}
	c.wake()
}

// say sends more of the body.
func (c *memoryClient) say(part string, whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.body, c.whole = append(c.body, part...), whole
	c.wake()
}

// open takes what Send has, now and later.
func (c *memoryClient) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = false
	c.wake()
}

// wake wakes the proxy's waiting task and the test. The caller holds mu.
func (c *memoryClient) wake() {
	if c.waiter != nil {
		c.waiter.Wake()
	}
	c.changed.Broadcast()
}

// await waits in the task until ok. The caller holds mu, which await releases
// during the wait.
func (c *memoryClient) await(t netloop.Task, ok func() bool) error {
	c.waiter = t
	defer func() { c.waiter = nil }()
	for !ok() && !c.gone {
		c.mu.Unlock()
		err := t.Park(0)
		c.mu.Lock()
		if err != nil {
			return err
		}
	}
	if c.gone {
		return netloop.ErrGone
	}
	return nil
}

// until waits in the test until ok.
func (c *memoryClient) until(ok func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := time.AfterFunc(patience, c.changed.Broadcast)
	defer late.Stop()
	for from := time.Now(); !ok(); c.changed.Wait() {
		require.Less(c.t, time.Since(from), patience)
	}
}

func (c *memoryClient) Session() *tlslayer.Session  { return nil }
func (c *memoryClient) Peer() netip.Addr            { return netip.MustParseAddr("192.0.2.7") }
func (c *memoryClient) Port() string                { return "8000" }
func (c *memoryClient) Anonymous() bool             { return false }
func (c *memoryClient) Listener() *netloop.Listener { return nil }

func (c *memoryClient) Watch(netloop.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watching = true; c.gone {
		c.job.Cancel()
	}
}

func (c *memoryClient) Unwatch(t netloop.Task) {
	c.mu.Lock()
	c.watching = false
	c.mu.Unlock()
	t.Watch(nil, nil)
}

func (c *memoryClient) First() ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first, c.whole && len(c.body) == 0, nil
}

func (c *memoryClient) AskForBody(netloop.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = true
	c.changed.Broadcast()
}

func (c *memoryClient) AwaitBody(t netloop.Task, _ time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await(t, func() bool { return len(c.body) > 0 || c.whole })
}

func (c *memoryClient) ReadBody(_ netloop.Task, p []byte, _ time.Duration) (int, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(p, c.body)
	c.body = c.body[n:]
	return n, c.whole && len(c.body) == 0, nil
}

func (c *memoryClient) SpliceBody(netloop.Task, netloop.Conn, time.Duration, time.Duration) (int64, bool, error, error) {
	return 0, false, netloop.ErrNoSplice, nil
}

func (c *memoryClient) SendInterim(_ netloop.Task, h *AnswerHead) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interim = append(c.interim, h.Status)
	return nil
}

func (c *memoryClient) Begin(h *AnswerHead, _ bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = AnswerHead{Status: h.Status, Body: h.Body, Length: h.Length, Media: h.Media}
	c.fields = string(h.AppendFields(nil))
}

func (c *memoryClient) Send(t netloop.Task, part []byte, whole bool, _ []head.Field) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer, c.sent, c.answered = append(c.answer, part...), c.sent+int64(len(part)), whole
	c.changed.Broadcast()
	if f := c.held; c.closed && f != nil {
		c.held = nil
		c.mu.Unlock()
		f(0)
		c.mu.Lock()
	}
	switch c.await(t, func() bool { return !c.closed }) {
	case nil:
		return nil
	case netloop.ErrStopped:
		return netloop.ErrStopped
	}
	return ErrClientGone
}

func (c *memoryClient) OnHeld(_ netloop.Task, f func(int64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = f
}

func (c *memoryClient) SpliceAnswer(netloop.Task, netloop.Conn, int64) (int64, error, error) {
	return 0, netloop.ErrNoSplice, nil
}

func (c *memoryClient) CloseWrite() {}

func (c *memoryClient) Sent() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *memoryClient) Switch(netloop.Task, *AnswerHead, []byte) error { return io.ErrClosedPipe }
func (c *memoryClient) Early() []byte                                  { return nil }
func (c *memoryClient) Tunnel(netloop.Task, netloop.Conn, func())      {}

// heard returns what was sent to the client, once the request has ended.
func (c *memoryClient) heard() (Ending, int, string) {
	c.t.Helper()
	select {
	case end := <-c.end:
		return end, c.begun.Status, string(bytes.Clone(c.answer))
	case <-time.After(patience):
		c.t.Fatal("the request does not end")
		return 0, 0, ""
	}
}
