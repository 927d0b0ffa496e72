package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// First is the part of the body that came with the head.
func (c *http1Client) First() (part []byte, whole bool, err error) {
	return c.body.first, c.body.whole.Load(), c.body.err
}

// AskForBody answers Expect: 100-continue. A client that did not wait for it
// needs no answer.
func (c *http1Client) AskForBody(t netloop.Task) {
	if !c.head.ExpectContinue || c.asked || c.in.len() > c.headLen {
		return
	}
	c.asked = true
	// The task that reads the body finds out about a client that is gone.
	_ = c.write(t, goOn, nil)
}

var goOn = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// AwaitBody waits for more of the body.
func (c *http1Client) AwaitBody(t netloop.Task, wait time.Duration) error {
	return c.c.WaitReadable(t, wait)
}

// ReadBody reads a part of the body. It reads no byte beyond the end of a body
// of known length; what comes behind a chunked one is kept for the next head.
func (c *http1Client) ReadBody(t netloop.Task, p []byte, wait time.Duration) (n int, whole bool, err error) {
	b := &c.body
	if !c.head.Streamed {
		n, err = c.c.Read(t, p[:min(int64(len(p)), b.left)], wait)
		return n, b.took(int64(n)), ifNone(n, err)
	}
	n, err = c.c.Read(t, p, wait)
	if n == 0 {
		return 0, false, err
	}
	part, used, whole, err := b.decode(t, p[:n])
	if used < n {
		if n-used > headBuffer { // otherwise a small one will do, which can be held for long
			c.p.takeBody(&b.behind)
		}
		b.behind.add(p[used:n])
	}
	b.whole.Store(whole)
	return copy(p, part), whole, err
}

// SpliceBody moves a part of a body whose bytes are those of the connection.
func (c *http1Client) SpliceBody(t netloop.Task, to netloop.Conn, readWait, writeWait time.Duration) (n int64, whole bool, readErr, writeErr error) {
	b := &c.body
	if c.head.Streamed || b.left < spliceFrom {
		return 0, false, netloop.ErrNoSplice, nil
	}
	n, readErr, writeErr = c.c.Splice(t, to, b.left, readWait, writeWait)
	return n, b.took(n), readErr, writeErr
}

// took counts bytes of a body of known length, and reports whether they were
// the last ones.
func (b *http1Body) took(n int64) bool {
	b.left -= n
	b.whole.Store(b.left == 0)
	return b.left == 0
}

// ifNone is the error of a read that has read nothing.
func ifNone(n int, err error) error {
	if n > 0 {
		return nil
	}
	return err
}
