//go:build !portable

package netloop

import (
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// sendAtOnce is how much of a file is sent in one call, so that a fast peer does not
// keep the goroutine from others.
const sendAtOnce = 1 << 20

// A fileSend is one call of sendfile. The kernel reads the file in it, which can take
// as long as the disk likes, so the loop does not make the call itself. The descriptor
// of the connection stays open until the call is done.
type fileSend struct {
	c     *econn
	off   int64
	n     int
	errno error
	state atomic.Int32 // a sendState
}

type sendState = int32

const (
	sendWaits sendState = iota // nobody has made the call
	sendRuns
	sendEnded
	sendLeft // the task has left it
)

// run makes the call, in a goroutine that is not the loop's.
func (s *fileSend) run(fd int) {
	if !s.state.CompareAndSwap(sendWaits, sendRuns) {
		return
	}
	off := s.off
	for {
		s.n, s.errno = unix.Sendfile(s.c.fd, fd, &off, s.n)
		if s.errno != unix.EINTR {
			break
		}
	}
	if !s.state.CompareAndSwap(sendRuns, sendEnded) {
		s.c.loop.post(s.c.fileSent)
	}
}

// leave gives the call up unless it has ended, and returns how many bytes it has sent.
// The connection is not to be used for anything else if it has not ended, because bytes
// of the file may still come.
func (s *fileSend) leave() (sent int64) {
	for {
		switch state := s.state.Load(); {
		case state == sendEnded:
			s.c.fileSent()
			return int64(max(s.n, 0))
		case s.state.CompareAndSwap(state, sendLeft):
			if state == sendWaits {
				s.c.fileSent() // otherwise run calls it
			}
			return 0
		}
	}
}

// fileSent is called in the loop when a call no longer needs the descriptor.
func (c *econn) fileSent() {
	c.sends = false
	if c.moving--; c.closed && c.moving == 0 {
		rawClose(c.fd)
	}
}

func (c *econn) SendFile(t Task, from FileSource, off, n int64, wait time.Duration) (sent int64, readErr, writeErr error) {
	e := c.loop.ownTask(t)
	if c.lining != nil {
		return 0, ErrNoSplice, nil // the socket's bytes are not those of the file
	}
	for sent < n {
		e.giveWay()
		switch {
		case e.cut != nil:
			return sent, nil, e.cut
		case c.closed:
			return sent, nil, net.ErrClosed
		}
		s := &fileSend{c: c, off: off + sent, n: int(min(n-sent, sendAtOnce))}
		c.moving++
		c.sends = true
		err := from.SendFrom(t, s.run)
		put := s.leave()
		sent += put
		switch {
		case err != nil:
			return sent, err, nil
		case s.errno == nil && put == 0:
			return sent, io.ErrUnexpectedEOF, nil // the file has become shorter
		case s.errno == nil:
			e.moved(int(put))
			if sent == n || put == sendAtOnce {
				continue // otherwise the peer has all that it takes for now
			}
		case s.errno == unix.EAGAIN:
		case slices.Contains(noSendfile, s.errno):
			return sent, ErrNoSplice, nil
		case slices.Contains(fileFaults, s.errno):
			return sent, os.NewSyscallError("sendfile", s.errno), nil
		default:
			return sent, nil, os.NewSyscallError("sendfile", s.errno)
		}
		e.isHeld(0)
		if err := c.awaitWrite(e, wait); err != nil {
			return sent, nil, err
		}
	}
	return sent, nil, nil
}

// noSendfile are the errors of a file or a system that sendfile does not work with.
var noSendfile = []error{unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP}

// fileFaults are the errors of sendfile that are about the file.
var fileFaults = []error{unix.EIO, unix.ESTALE, unix.ENODATA, unix.ENOMEM, unix.EOVERFLOW, unix.EBADF}
