//go:build !portable

package netloop

import (
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pipeSize = 256 << 10 // the size asked for; the kernel can give less
	maxPipes = 16        // kept per loop
)

// pipe returns an empty pipe.
func (l *loop) pipe() ([2]int, error) {
	if n := len(l.pipes); n > 0 {
		p := l.pipes[n-1]
		l.pipes = l.pipes[:n-1]
		return p, nil
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return p, err
	}
	if p[0] >= l.d.fds.dials() || p[1] >= l.d.fds.dials() {
		rawClose(p[0])
		rawClose(p[1])
		return p, errReserved
	}
	_, _ = unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, pipeSize)
	return p, nil
}

// putPipe takes back a pipe. It closes a pipe that still holds bytes.
func (l *loop) putPipe(p [2]int, held int) {
	if held == 0 && len(l.pipes) < maxPipes {
		l.pipes = append(l.pipes, p)
		return
	}
	rawClose(p[0])
	rawClose(p[1])
}

func (c *econn) Splice(t Task, dst Conn, n int64, readWait, writeWait time.Duration) (moved int64, readErr, writeErr error) {
	e, to := c.loop.ownTask(t), c.loop.ownConn(dst)
	e.giveWay()
	if e.cut != nil {
		return 0, e.cut, nil
	}
	if c.lining != nil || to.lining != nil {
		return 0, ErrNoSplice, nil // the socket's bytes are not the ones to move
	}
	p, err := c.loop.pipe()
	if err != nil {
		return 0, ErrNoSplice, nil
	}
	held, mayBeHeld := 0, e.onHeld != nil
	defer func() { c.loop.putPipe(p, held) }()
	for moved < n {
		if e.giveWay(); e.cut != nil {
			return moved, e.cut, nil
		}
		got, err := c.drain(p[1], int(min(n-moved, pipeSize)))
		e.moved(int(got))
		switch {
		case err == ErrAgain && moved > 0:
			return moved, nil, nil
		case err == ErrAgain:
			if err := c.awaitRead(e, readWait); err != nil {
				return 0, err, nil
			}
			continue
		case err != nil:
			return moved, err, nil
		}
		moved += int64(got)
		held = got
		for held > 0 {
			put, err := to.pour(e, p[0], held, moved, writeWait)
			if err != nil {
				return moved, nil, err
			}
			held -= put
		}
		if mayBeHeld && e.onHeld == nil {
			break // another task may read c now
		}
	}
	return moved, nil, nil
}

// drain moves bytes of c's stream into a pipe, at least one. It returns
// ErrAgain if there are none.
func (c *econn) drain(pipe, n int) (int, error) {
	if c.closed {
		return 0, net.ErrClosed
	}
	if !c.readable {
		return 0, ErrAgain
	}
	got, e := rawSplice(c.fd, pipe, n)
	switch {
	case e == 0 && got > 0:
		return got, nil
	case e == 0:
		return 0, io.EOF
	case e == unix.EINVAL:
		return 0, ErrNoSplice
	case e == unix.EINTR:
		return 0, ErrAgain
	case e != unix.EAGAIN:
		return 0, os.NewSyscallError("splice", e)
	case c.half || c.hup:
		return 0, ErrNoSplice // the end is near, and only a read can tell
	}
	c.readable = false
	return 0, ErrAgain
}

// pour moves bytes from a pipe to c's peer, at least one. taken counts what was
// put into the pipe so far.
func (c *econn) pour(t *etask, pipe, n int, taken int64, wait time.Duration) (int, error) {
	for {
		if c.closed {
			return 0, net.ErrClosed
		}
		put, e := rawSplice(pipe, c.fd, n)
		switch {
		case e == 0 && put > 0:
			return put, nil
		case e != 0 && e != unix.EAGAIN && e != unix.EINTR:
			return 0, os.NewSyscallError("splice", e)
		}
		t.isHeld(taken)
		if err := c.awaitWrite(t, wait); err != nil {
			return 0, err
		}
	}
}
