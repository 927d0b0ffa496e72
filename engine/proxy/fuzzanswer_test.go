package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// FuzzAnswerSplits checks that an answer that comes from the worker in many
// pieces reaches the client as the same answer that comes in one. The proxy's
// chunks depend on its reads, and so does whether it finds an error in the body
// before it sends the head. Then the answer is a 502 or is cut, but never looks
// complete.
func FuzzAnswerSplits(f *testing.F) {
	for i, c := range http1test.BadAnswers {
		f.Add([]byte(c.In), uint64(i))
	}
	for i, s := range []string{
		hello,
		hello + hello,
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + hello,
		"HTTP/1.1 100 Continue\r\n\r\n" + hello,
		http1test.Answer("") + "until the end",
		http1test.Answer("Content-Length: 9\r\n") + "short",
		http1test.Answer("Transfer-Encoding: chunked\r\n") + "5;x=y\r\nhello\r\n00c\r\nhello, hello\r\n0\r\nX: y\r\n\r\n",
		http1test.Answer("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n",
		http1test.Answer("Content-Length: 70000\r\nConnection: close\r\n") + strings.Repeat("x", 70000),
		http1test.Answer("Set-Cookie: a\r\nSet-Cookie: b\r\nKeep-Alive: x\r\nContent-Length: 0\r\n"),
	} {
		f.Add([]byte(s), uint64(i))
	}
	p := planOf(f, map[string]string{"default": "*"})
	p.Forwarded = plan.ForwardedOff
	var answer atomic.Pointer[[][]byte]
	closed := make(chan bool, 1) // a worker's connection, which may have looked fit for another request
	var rigs []*rig
	for _, driver := range netloop.Drivers() {
		r := newRig(f, driver, p)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			defer func() { c.Close(); closed <- true }()
			for _, piece := range *answer.Load() {
				if _, err := c.Write(piece); err != nil {
					return
				}
			}
		})
		rigs = append(rigs, r)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > 128<<10 {
			t.Skip()
		}
		for _, r := range rigs {
			answer.Store(&[][]byte{data})
			whole, ok := r.answer(t)
			<-closed
			pieces := splitAt(data, seed)
			answer.Store(&pieces)
			split, ok2 := r.answer(t)
			<-closed
			if ok && ok2 {
				require.Equal(t, whole, split, r.proxy.Driver())
				continue
			}
			for _, one := range []struct {
				text string
				ok   bool
			}{{whole, ok}, {split, ok2}} {
				if one.ok {
					require.True(t, strings.HasPrefix(one.text, "502 "), "%s: one is cut, the other %q", r.proxy.Driver(), one.text)
				}
			}
		}
	})
}

// answer sends a request that must not be repeated, and returns the answer as a
// client reads it and whether it was complete.
func (r *rig) answer(t *testing.T) (text string, whole bool) {
	t.Helper()
	raw, broken := r.pieces(t, [][]byte{[]byte(http1test.Post("Content-Length: 0\r\nConnection: close\r\n"))})
	var b bytes.Buffer
	in := bufio.NewReader(strings.NewReader(raw))
	for {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return b.String(), false
		}
		fmt.Fprintf(&b, "%s\n", res.Status)
		require.NoError(t, res.Header.Write(&b))
		body, err := io.ReadAll(res.Body)
		fmt.Fprintf(&b, "%d %v\n%s\n%v\n", res.ContentLength, res.TransferEncoding, body, res.Trailer)
		if err != nil {
			return b.String(), false
		}
		if res.StatusCode >= 200 {
			rest, _ := io.ReadAll(in) // the rest is already in memory
			require.Empty(t, rest, "after the answer")
			return b.String(), !broken
		}
	}
}
