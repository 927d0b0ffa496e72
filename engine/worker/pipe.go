package worker

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// outputGrace limits how long a dead worker's pipe is read: a process that left
// its group may keep writing to it.
const outputGrace = time.Second

// A pipe carries what a worker writes. It ends with the stream. Once its read
// deadline has passed, because the worker is dead, it also ends as soon as it
// is empty: a process that left the worker's process group may hold it open
// forever.
type pipe struct {
	*os.File
	until time.Time // latest time to stop; set once the deadline has passed
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

// readNow reads what is available without waiting.
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
