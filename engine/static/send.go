package static

import (
	"io"
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// IsChanged reports whether an error says that a file is not the version any more that
// the head of the answer was about.
func IsChanged(err error) bool { return err == errChanged || err == io.ErrUnexpectedEOF }

// SendFrom calls send in a file worker, with the descriptor of the file, and returns
// once it has returned. It fails if the file is not the same version any more. If it
// gives up because the disk makes no progress, send may still be called or at work.
func (f *File) SendFrom(t netloop.Task, send func(fd int)) error {
	j := &sendJob{file: f, send: send}
	j.folder, j.op, j.work = f.folder, OpSend, j
	if err := f.begin(&j.job, t); err != nil {
		return err
	}
	return j.err
}

// begin does a job that uses the file until it has ended, whoever waits for it.
func (f *File) begin(j *job, t netloop.Task) error {
	s := f.folder.set
	s.mu.Lock()
	f.refs++
	s.mu.Unlock()
	err := j.done(t)
	if err == nil || !j.left { // otherwise leftOver does it
		s.mu.Lock()
		s.unref(f)
		s.mu.Unlock()
	}
	return err
}

// A sendJob sends a part of a file.
type sendJob struct {
	job
	file *File
	send func(fd int)
}

func (j *sendJob) do() error {
	return j.file.withHandle(func(h *handle) error {
		j.send(h.fd)
		return nil
	})
}

func (j *sendJob) leftOver() { j.file.unrefLater() }

// unrefLater gives up the reference of a job that its task has left.
func (f *File) unrefLater() {
	s := f.folder.set
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unref(f)
}

// partSize is how much of a file is read at a time, where it cannot be sent from where
// it is.
const partSize = 32 << 10

var parts = sync.Pool{New: func() any { return new([partSize]byte) }}

// Read reads a part of the file that begins at an offset, and calls use with it. It
// reads no more than n bytes. It fails if the file is not the same version any more.
func (f *File) Read(t netloop.Task, off, n int64, use func(part []byte) error) error {
	j := &readJob{file: f, off: off, buf: parts.Get().(*[partSize]byte), n: int(min(n, partSize))}
	j.folder, j.op, j.work = f.folder, OpRead, j
	if err := f.begin(&j.job, t); err != nil {
		if !j.left {
			parts.Put(j.buf)
		}
		return err
	}
	defer parts.Put(j.buf)
	if j.err != nil {
		return j.err
	}
	return use(j.buf[:j.n])
}

// A readJob reads a part of a file.
type readJob struct {
	job
	file *File
	off  int64
	buf  *[partSize]byte
	n    int
}

func (j *readJob) do() error {
	return j.file.withHandle(func(h *handle) error { return h.readAt(j.buf[:j.n], j.off) })
}

func (j *readJob) leftOver() {
	parts.Put(j.buf)
	j.file.unrefLater()
}
