package proxy

import (
	"bufio"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

func TestRelay(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		got := r.send("GET /x%20y?q=1 HTTP/1.1\r\nHost: example.com\r\nX-A: b\r\nConnection: close\r\n\r\n")
		assert.Equal(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", got)
		sent := regexp.MustCompile(`X-Request-ID: [0-9a-f]{16}`).ReplaceAllString(u.received()[0], "X-Request-ID: ID")
		port := strings.TrimPrefix(r.addr, "127.0.0.1:")
		assert.Equal(t, "GET /x%20y?q=1 HTTP/1.1\r\nHost: example.com\r\nX-A: b\r\n"+
			"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"+
			"X-Forwarded-Host: example.com\r\nX-Forwarded-Port: "+port+"\r\nForwarded: for=127.0.0.1;host=example.com;proto=http\r\nX-Request-ID: ID\r\n\r\n", sent)
	})
}

func TestKeepAliveAndPipelining(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(hello))
		c := r.dial()
		in := bufio.NewReader(c)
		const one = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		for _, batch := range []int{1, 3, 20, 1} {
			_, err := io.WriteString(c, strings.Repeat(one, batch))
			require.NoError(t, err)
			for range batch {
				head, err := readHead(in)
				require.NoError(t, err)
				require.Contains(t, head, "200 OK")
				var body [5]byte
				_, err = io.ReadFull(in, body[:])
				require.NoError(t, err)
			}
		}
		assert.Len(t, u.received(), 1, "one connection to the worker served all")
	})
}

func TestChunkedBothWays(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				if _, err := readHead(in); err != nil {
					return
				}
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					if line == "0\r\n" {
						in.ReadString('\n')
						break
					}
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
			}
		})
		c := r.dial()
		in := bufio.NewReader(c)
		for _, parts := range [][]string{
			{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;e\r\nwxyz\r\n0\r\n\r\n"},
			{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4", "\r\nwx", "yz\r\n", "0\r\n\r", "\n"},
		} {
			for _, p := range parts {
				_, err := io.WriteString(c, p)
				require.NoError(t, err)
			}
			head, err := readHead(in)
			require.NoError(t, err)
			require.Contains(t, head, "Transfer-Encoding: chunked")
			var body strings.Builder
			for !strings.HasSuffix(body.String(), "0\r\n\r\n") {
				b, err := in.ReadByte()
				require.NoError(t, err)
				body.WriteByte(b)
			}
			assert.Regexp(t, `^(5\r\nabcde|3\r\nabc\r\n2\r\nde)\r\n0\r\n\r\n$`, body.String())
		}
		assert.Contains(t, u.received()[0], "\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n")
	})
}
