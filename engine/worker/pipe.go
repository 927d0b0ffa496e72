package worker

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// outputGrace is how long a dead worker's pipe is read at most: a process that
// left its group may go on writing to it.
const outputGrace = time.Second

// A pipe carries what a worker writes. Its end is that of the stream or, once
// its read deadline has passed because the worker is dead, the first moment at
// which it is empty: a process that left the worker's group may hold it open
// for ever.
type pipe struct {
	*os.File
	until time.Time // since the deadline has passed: when to stop at the latest
}

func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	now := time.Now()
	if p.until.IsZero() {
		p.until = now.Add(outputGrace)
	}
	if now.After(p.until) {
		return 0, io.EOF
	}
	return p.readNow(b)
}

// readNow reads what is there, and waits for nothing.
func (p *pipe) readNow(b []byte) (n int, err error) {
	conn, err := p.SyscallConn()
	if err != nil {
		return 0, err
	}
	failed := conn.Control(func(fd uintptr) {
		for {
			n, err = unix.Read(int(fd), b)
			if err != unix.EINTR {
				return
			}
		}
	})
	if failed != nil || err != nil || n <= 0 {
		return 0, io.EOF // empty, or at its end
	}
	return n, nil
}
