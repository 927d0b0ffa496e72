package http2

import (
	"net"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A wire is the connection in memory that net/http serves. Its other end is the
// tasks of a conn, which never wait for net/http while they hold a lock.
type wire struct {
	s          *Server
	local, far net.Addr

	mu       sync.Mutex // guards all below
	readable sync.Cond  // net/http waits for something to read
	writable sync.Cond  // it waits for room to write

	in     *[bufferSize]byte // nil = nothing to read
	at, to int               // what of in is to be read
	end    error             // what follows it; nil = more can come
	reader netloop.Task      // waits until in is nil; nil = it does not wait

	out    []byte       // to be sent; has room for bufferSize bytes, or nil
	closed bool         // by net/http
	broken bool         // nothing is sent any more
	over   bool         // the writer starts no stream any more
	writer netloop.Task // waits for something to do; nil = it does not wait
	todo   []*stream    // to be started by the writer
	due    []byte       // a frame of ours to be sent; nil = none
	news   bool         // the writer should look around
	last   bool         // the connection ends behind it
	shed   bool         // the writer says which stream was the last one
}

func newWire(s *Server, c netloop.Conn) *wire {
	w := &wire{s: s, local: net.TCPAddrFromAddrPort(c.Local()), far: net.TCPAddrFromAddrPort(c.Peer())}
	w.readable.L, w.writable.L = &w.mu, &w.mu
	return w
}

// Read is for net/http.
func (w *wire) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.in == nil {
		switch {
		case w.closed:
			return 0, net.ErrClosed
		case w.end != nil:
			return 0, w.end
		}
		w.readable.Wait()
	}
	n := copy(p, w.in[w.at:w.to])
	if w.at += n; w.at == w.to {
		w.s.buffers.Put(w.in)
		w.in = nil
		if w.reader != nil {
			w.reader.Wake()
		}
	}
	return n, nil
}

// Write is for net/http.
func (w *wire) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(p) > 0 {
		for len(w.out) == bufferSize && !w.closed && !w.broken {
			w.writable.Wait()
		}
		if w.closed || w.broken {
			return n, net.ErrClosed
		}
		if w.out == nil {
			w.out = w.s.buffers.Get().(*[bufferSize]byte)[:0]
		}
		m := min(bufferSize-len(w.out), len(p))
		w.out = append(w.out, p[:m]...)
		n, p = n+m, p[m:]
		w.wake()
	}
	return n, nil
}

// Close is for net/http.
func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.readable.Broadcast()
	w.writable.Broadcast()
	w.wake()
	return nil
}

// look has the writer look around.
func (w *wire) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.news = true
	w.wake()
}

// wake wakes the writer. The caller holds mu.
func (w *wire) wake() {
	if t := w.writer; t != nil {
		w.writer = nil
		t.Wake()
	}
}

// awaitRoom waits in the reader's task until net/http has read everything.
func (w *wire) awaitRoom(t netloop.Task) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.reader = nil }()
	for w.in != nil && !w.closed {
		w.reader = t
		w.mu.Unlock()
		err := t.Park(0)
		w.mu.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

// feed gives net/http n bytes to read, and the buffer that they are in.
func (w *wire) feed(b *[bufferSize]byte, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.s.buffers.Put(b)
		return
	}
	w.in, w.at, w.to = b, 0, n
	w.readable.Signal()
}

// feedEnd makes err follow what can be read.
func (w *wire) feedEnd(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = err
	w.readable.Broadcast()
}

// breakOff says that nothing is sent any more.
func (w *wire) breakOff() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	w.writable.Broadcast()
}

// start has the writer start a stream. It returns false if the connection is over.
func (w *wire) start(st *stream) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	w.todo = append(w.todo, st)
	w.wake()
	return true
}

// say has the writer send a frame of ours. With last, the connection ends behind
// it.
func (w *wire) say(frame []byte, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last {
		return
	}
	w.due, w.last = frame, last
	w.wake()
}

// endRested has the writer end the connection behind a frame that says so, and starts no
// stream any more. It returns false, and does nothing, if there is anything to do, or
// if the connection does not rest.
func (w *wire) endRested(rests func() bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.last || w.writer == nil || w.in != nil || w.out != nil || w.due != nil || len(w.todo) > 0 || !rests() {
		return false
	}
	w.over, w.last, w.shed = true, true, true
	w.wake()
	return true
}

// An errand is what the writer has to do.
type errand struct {
	todo   []*stream
	out    []byte
	due    []byte
	last   bool
	shed   bool
	closed bool
}

// await waits in the writer's task until it has something to do, until the given
// moment at the latest (0 = no limit). todo is memory for the next list of streams.
func (w *wire) await(t netloop.Task, todo []*stream, until netloop.Time) (errand, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.todo) == 0 && w.out == nil && w.due == nil && !w.closed && !w.news && !w.shed {
		w.writer = t
		w.mu.Unlock()
		err := t.Park(until)
		w.mu.Lock()
		w.writer = nil
		if err != nil {
			return errand{}, err
		}
	}
	e := errand{w.todo, w.out, w.due, w.last, w.shed, w.closed}
	w.todo, w.out, w.due, w.news, w.shed = todo, nil, nil, false, false
	w.writable.Broadcast()
	return e, nil
}

// sent takes back the memory of bytes that were sent.
func (w *wire) sent(out []byte) {
	if out != nil {
		w.s.buffers.Put((*[bufferSize]byte)(out[:bufferSize]))
	}
}

// drop releases what nobody reads any more, and returns the streams that were not
// started.
func (w *wire) drop() []*stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.closed = true, true
	if w.in != nil {
		w.s.buffers.Put(w.in)
		w.in = nil
	}
	w.readable.Broadcast()
	w.writable.Broadcast()
	todo := w.todo
	w.todo = nil
	return todo
}

// LocalAddr and RemoteAddr are for net/http, which logs them.
func (w *wire) LocalAddr() net.Addr  { return w.local }
func (w *wire) RemoteAddr() net.Addr { return w.far }

// The deadlines of net/http are not used: the conn has its own.
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
