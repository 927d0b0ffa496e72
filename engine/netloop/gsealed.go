package netloop

import "time"

// writeSealed is Write through the layer.
func (c *gconn) writeSealed(t *gtask, a, b []byte, wait time.Duration) (total int, err error) {
	g := c.lining
	for {
		// Bytes that others have sealed go first.
		if err := g.flush(c, t, wait); err != nil {
			return total, err
		}
		if len(a)+len(b) == 0 {
			return total, nil
		}
		g.mu.Lock()
		n, err := g.l.seal(a, b)
		g.mu.Unlock()
		if total += n; err != nil {
			return total, err
		}
		m := min(n, len(a))
		a, b = a[m:], b[n-m:]
	}
}

// flush writes the unsent bytes.
func (g *glining) flush(c *gconn, t *gtask, wait time.Duration) error {
	g.writing.Lock()
	defer g.writing.Unlock()
	for {
		part := g.begin()
		if len(part) == 0 {
			return nil
		}
		n, err := c.write(t, part, wait)
		g.finish(part, n)
		if err != nil {
			return err
		}
	}
}

// begin returns the unsent bytes for writing. The caller holds writing until
// finish.
func (g *glining) begin() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	part := g.l.unsent()
	if len(part) > 0 { // otherwise keep the buffer
		g.l.trim()
	}
	return part
}

// finish puts back the bytes of a part that were not written.
func (g *glining) finish(part []byte, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch later := g.l.unsent(); {
	case n < len(part):
		g.l.out, g.l.sent = append(part[n:], later...), 0
	case len(later) == 0 && cap(part) <= 2*sealAtOnce:
		g.l.out, g.l.sent = part[:0], 0
	}
}

// spare drops the buffer if it is empty, because the connection rests.
func (g *glining) spare() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.l.unsent()) == 0 {
		g.l.trim()
	}
}

// end ends our stream.
func (g *glining) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.l.end()
}

// endIn ends our stream and waits, in a task, until the peer has taken the end.
func (g *glining) endIn(c *gconn, t *gtask) {
	g.end()
	_ = g.flush(c, t, lingerSilence)
}

// endNow ends our stream without a task and without a long wait.
func (g *glining) endNow(c *gconn) {
	g.end()
	g.writing.Lock()
	defer g.writing.Unlock()
	if part := g.begin(); len(part) > 0 {
		n, _ := c.writeNow(part)
		g.finish(part, n)
	}
}

// probe seals and writes a few bytes, unless another goroutine is writing.
func (g *glining) probe(c *gconn, p []byte) int {
	if !g.writing.TryLock() {
		return 0
	}
	defer g.writing.Unlock()
	g.mu.Lock()
	n := 0
	if len(g.l.unsent()) == 0 {
		n, _ = g.l.seal(p, nil)
	}
	g.mu.Unlock()
	if part := g.begin(); len(part) > 0 {
		wrote, _ := c.writeNow(part)
		g.finish(part, wrote)
	}
	return n
}

// silence makes closing the layer tell the peer nothing.
func (g *glining) silence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.l.ended = true
	g.l.trim()
}

// closeFor closes the layer of a connection that is being closed. It tells the
// peer if that is possible without waiting.
func (g *glining) closeFor(c *gconn) {
	g.end()
	g.sendNow(c)
	signal(g.bell)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.l.close()
}
