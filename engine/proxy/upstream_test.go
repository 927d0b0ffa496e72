package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http/httputil"
	"path/filepath"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/pool"
)

// An upstream is a worker whose connections a test handles. It records the
// bytes that each connection has received.
type upstream struct {
	worker *pool.Worker
	ln     net.Listener

	mu    sync.Mutex // guards got
	got   []*strings.Builder
	conns []net.Conn
	done  sync.WaitGroup
}

// worker adds a worker to the pool. It calls handle with each connection and
// closes the connection when handle returns. The proxy knows the worker from
// then on, so the functions in changes modify it before that.
func (r *rig) worker(name string, handle func(c net.Conn, in *bufio.Reader), changes ...func(*pool.Worker)) *upstream {
	r.t.Helper()
	u := r.upstream(name, handle, changes...)
	r.pools[name].Swap([]*pool.Worker{u.worker}, nil)
	return u
}

// workers starts workers, which join the group at the same time. The first of them gets
// the first request.
func (r *rig) workers(name string, handles ...manner) (us []*upstream) {
	r.t.Helper()
	var join []*pool.Worker
	for _, handle := range handles {
		us = append(us, r.upstream(name, handle))
		join = append(join, us[len(us)-1].worker)
	}
	r.pools[name].Swap(join, nil)
	return us
}

// upstream starts a worker that has not joined its group yet.
func (r *rig) upstream(name string, handle func(c net.Conn, in *bufio.Reader), changes ...func(*pool.Worker)) *upstream {
	r.t.Helper()
	sock := filepath.Join(r.t.TempDir(), "w.sock")
	ln, err := net.Listen("unix", sock)
	require.NoError(r.t, err)
	u := &upstream{worker: pool.NewWorker(r.pools[name].Ready(), 1, sock), ln: ln}
	for _, change := range changes {
		change(u.worker)
	}
	u.done.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			rec := u.record(c)
			u.done.Go(func() {
				defer c.Close()
				handle(c, bufio.NewReader(io.TeeReader(c, rec)))
			})
		}
	})
	r.t.Cleanup(u.close)
	return u
}

func (u *upstream) close() {
	u.ln.Close()
	u.mu.Lock()
	for _, c := range u.conns {
		c.Close()
	}
	u.mu.Unlock()
	u.done.Wait()
}

// maxRecord is how many received bytes are kept per connection.
const maxRecord = 128 << 10

// lockedWriter lets a test read what a handler is still adding to.
type lockedWriter struct {
	u *upstream
	b *strings.Builder
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.u.mu.Lock()
	defer w.u.mu.Unlock()
	w.b.Write(p[:min(len(p), maxRecord-w.b.Len())])
	return len(p), nil
}

func (u *upstream) record(c net.Conn) io.Writer {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := &strings.Builder{}
	u.got = append(u.got, b)
	u.conns = append(u.conns, c)
	return lockedWriter{u, b}
}

// received returns what each connection has received so far.
func (u *upstream) received() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]string, len(u.got))
	for i, b := range u.got {
		out[i] = b.String()
	}
	return out
}

// readHead reads a head, including its empty line.
func readHead(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// readBody reads the body of a request.
func readBody(in *bufio.Reader, head string) error {
	_, err := countBody(in, head)
	return err
}

// countBody reads the body of a request and returns its length.
func countBody(in *bufio.Reader, head string) (int64, error) {
	if !strings.Contains(head, "\r\nTransfer-Encoding: chunked\r\n") {
		return io.CopyN(io.Discard, in, int64(lengthOf(head)))
	}
	n, err := io.Copy(io.Discard, httputil.NewChunkedReader(in))
	if err == nil {
		_, err = readHead(in)
	}
	return n, err
}

// answering answers every request with the same bytes.
func answering(answer string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			if err != nil {
				return
			}
			if readBody(in, head) != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// untilGone reads a connection until its end.
func untilGone(in *bufio.Reader) { _, _ = io.Copy(io.Discard, in) }

// heads counts the request heads that reached the worker.
func (u *upstream) heads() int {
	return strings.Count(strings.Join(u.received(), ""), " HTTP/1.1\r\n")
}
