package proxy

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A ledger is a worker that records every request that it has received
// completely.
type ledger struct {
	mu      sync.Mutex // guards entries
	entries []string
}

// serve answers each request with the length of its body. It records bodies
// decoded, because the proxy's chunks depend on its reads.
func (l *ledger) serve(c net.Conn, in *bufio.Reader) {
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		var body []byte
		if strings.Contains(head, "\r\nTransfer-Encoding: chunked\r\n") {
			if body, err = io.ReadAll(httputil.NewChunkedReader(in)); err == nil {
				_, err = readHead(in)
			}
		} else {
			body = make([]byte, lengthOf(head))
			_, err = io.ReadFull(in, body)
		}
		if err != nil {
			return
		}
		l.mu.Lock()
		l.entries = append(l.entries, plain(head)+string(body))
		l.mu.Unlock()
		io.WriteString(c, hello)
	}
}

// take returns what was recorded since the last call.
func (l *ledger) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Join(l.entries, "\n---\n")
	l.entries = nil
	return all
}

// FuzzSplits checks that the same bytes give the same requests to the worker
// and the same answers to the client, however they are split on the way, whether or
// not the bodies are taken in before there is a slot. It
// ignores the 100 Continue, which depends on timing.
func FuzzSplits(f *testing.F) {
	for _, cases := range http1test.Refusals {
		for i, c := range cases {
			if len(c.In) < 1<<10 {
				f.Add([]byte(http1test.Get("/")+c.In), uint64(i))
			}
		}
	}
	for i, c := range http1test.BadChunks {
		if len(c.In) < 1<<10 {
			f.Add([]byte(http1test.Post("Transfer-Encoding: chunked\r\n")+c.In), uint64(i))
		}
	}
	for i, s := range []string{
		http1test.Get("/a") + http1test.Post("Content-Length: 5\r\n") + "hello" + http1test.Get("/b"),
		http1test.Post("Transfer-Encoding: chunked\r\n") + "5;a\r\nhello\r\n0\r\nX: y\r\n\r\n" + http1test.Get("/b"),
		http1test.Post("Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello" + http1test.Get("/b"),
		"GET / HTTP/1.0\r\n\r\n" + http1test.Get("/never"),
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
		handshake + http1test.Get("/never"),
		http1test.Post("Content-Length: 9000\r\n") + strings.Repeat("x", 9000) + http1test.Get("/"+strings.Repeat("y", 5000)),
	} {
		f.Add([]byte(s), uint64(i))
	}
	p := planOf(f, map[string]string{"default": "*"})
	p.Forwarded = plan.ForwardedOff
	p.HeaderTimeout = 0
	var rigs []*rig
	var ledgers []*ledger
	for _, driver := range netloop.Drivers() {
		for _, size := range []int64{0, 100, 1 << 20} {
			buffering := *p
			buffering.BufferMemory = 64 << 20
			group := *p.Groups[0]
			group.RequestBuffer = plan.BufferSize{Bytes: size, Set: true}
			buffering.Groups = []*plan.Group{&group}
			r, l := newRig(f, driver, &buffering), &ledger{}
			r.worker("default", l.serve)
			rigs, ledgers = append(rigs, r), append(ledgers, l)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > 128<<10 {
			t.Skip()
		}
		for i, r := range rigs {
			whole, broken := r.pieces(t, [][]byte{data})
			got := ledgers[i].take()
			split, broken2 := r.pieces(t, splitAt(data, seed))
			require.Equal(t, got, ledgers[i].take(), "%s: what the worker received", r.proxy.Driver())
			if broken || broken2 {
				// The client kept sending after the last answer, and may have lost
				// part of the answers because of that.
				n := min(len(whole), len(split))
				whole, split = whole[:n], split[:n]
			}
			require.Equal(t, whole, split, "%s: what the client received", r.proxy.Driver())
		}
	})
}

// splitAt cuts data into a few pieces, many of them small.
func splitAt(data []byte, seed uint64) (pieces [][]byte) {
	rnd := rand.New(rand.NewPCG(seed, 0))
	for len(data) > 0 && len(pieces) < 32 {
		n := min(1+rnd.IntN(1<<rnd.IntN(10)), len(data))
		pieces = append(pieces, data[:n])
		data = data[n:]
	}
	return append(pieces, data)
}

// pieces sends the pieces, ends the stream and returns all that comes back, and
// whether the connection broke at its end.
func (r *rig) pieces(t *testing.T, pieces [][]byte) (string, bool) {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	var writing sync.WaitGroup
	writing.Go(func() {
		for _, p := range pieces {
			if _, err := conn.Write(p); err != nil {
				return
			}
		}
		_ = conn.(*net.TCPConn).CloseWrite()
	})
	got, err := io.ReadAll(conn)
	writing.Wait()
	if err != nil {
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the proxy neither answers nor closes")
	}
	return strings.ReplaceAll(plain(string(got)), goOnText, ""), err != nil
}
