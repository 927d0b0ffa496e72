package netloop

import "time"

func (c *gconn) CloseLater() { c.Close() }

func (c *gconn) CloseWrite() error {
	if c.lining != nil {
		c.lining.endNow(c)
	}
	return c.shutWrite()
}

// closeWrite is CloseWrite for a caller with a task, which can wait for the
// peer.
func (c *gconn) closeWrite(t *gtask) {
	if c.lining != nil {
		c.lining.endIn(c, t)
	}
	_ = c.shutWrite()
}

// shutWrite ends the socket's outgoing stream.
func (c *gconn) shutWrite() error {
	if cw, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

func (c *gconn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.to != nil {
		c.d.idleUps.remove(c)
		c.d.forget(c)
	}
	if c.lining != nil {
		c.lining.closeFor(c)
	}
	return c.nc.Close()
}

// linger ends our stream and discards incoming bytes for a while.
func (c *gconn) linger(t *gtask) {
	t.reset()
	c.d.setAside(c)
	c.closeWrite(t)
	c.lingering = true
	c.d.idleClients.push(c)
	defer c.d.idleClients.remove(c)
	buf := firstBuffers.Get().(*[firstRead]byte)
	defer firstBuffers.Put(buf)
	limit := lingerTime
	if c.lining != nil && !c.lining.hasOpened() {
		limit = lingerUnopened
	}
	end := Now().Add(limit)
	for heard := Now(); ; {
		_, err := c.discard(t, buf[:], lingerLook)
		now := Now()
		if err == nil {
			heard = now
		}
		if c.d.stopping.Load() {
			end = min(end, now.Add(lingerStopping))
		}
		if err != nil && err != ErrTimeout || now >= end || now.Sub(heard) >= lingerSilence {
			return
		}
	}
}

// discard reads bytes that nobody wants.
func (c *gconn) discard(t *gtask, p []byte, wait time.Duration) (int, error) {
	g := c.lining
	if g == nil || !g.broken() {
		return c.Read(t, p, wait)
	}
	n, err := c.do(t, &c.in, t.until(wait), p)
	if err == ErrAgain { // the layer has news
		err = nil
	}
	return n, err
}
