package http1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

// browserHead is a head of ten fields, as browsers send it.
const browserHead = "GET /api/v1/orders/1234?expand=items&page=2 HTTP/1.1\r\n" +
	"Host: shop.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Referer: https://shop.example.com/orders\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n" +
	"Cache-Control: max-age=0\r\n" +
	"Upgrade-Insecure-Requests: 1\r\n" +
	"\r\n"

const workerHead = "HTTP/1.1 200 OK\r\n" +
	"date: Thu, 01 Jan 2026 00:00:00 GMT\r\n" +
	"server: uvicorn\r\n" +
	"content-length: 12\r\n" +
	"content-type: text/plain; charset=utf-8\r\n" +
	"\r\n"

func BenchmarkRequest(b *testing.B) {
	var many strings.Builder
	many.WriteString("GET / HTTP/1.1\r\nHost: a\r\n")
	for i := range 100 {
		fmt.Fprintf(&many, "X-Field-%d: value number %d\r\n", i, i)
	}
	many.WriteString("\r\n")
	for _, bb := range []struct{ name, head string }{
		{"tiny", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"browser", browserHead},
		{"escapes", strings.Replace(browserHead, "/orders/", "/ord%65rs%20new/", 1)},
		{"100 fields", many.String()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			buf := []byte(bb.head)
			var r Request
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := r.Parse(buf, nil); n != len(buf) || err != nil {
					b.Fatal(n, err)
				}
				r.Reset()
			}
		})
	}
}

// BenchmarkRequestBytewise parses a head that grows by one byte per call: the
// cost per byte must not grow with the length.
func BenchmarkRequestBytewise(b *testing.B) {
	for _, size := range []int{1 << 10, 60 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			buf := []byte("GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", size) + "\r\n\r\n")
			var r Request
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				for i := range buf {
					if _, err := r.Parse(buf[:i+1], nil); err != nil {
						b.Fatal(err)
					}
				}
				r.Reset()
			}
		})
	}
}

func BenchmarkResponse(b *testing.B) {
	buf := []byte(workerHead)
	var r Response
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := r.Parse(buf, nil); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
		r.Reset()
	}
}

func BenchmarkForward(b *testing.B) {
	buf := []byte(browserHead)
	var r Request
	_, err := r.Parse(buf, nil)
	require.Nil(b, err)
	dst := make([]byte, 0, 4096)
	skip := head.Kinds(head.KindHost, head.KindXForwardedFor)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendRequestLine(dst[:0], r.Method, r.Origin)
		dst = AppendForwardable(dst, r.Fields, skip)
	}
}

func BenchmarkChunked(b *testing.B) {
	for _, size := range []int{1, 1024, 16384} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var body []byte
			for range 16 {
				body = AppendChunkHeader(body, size)
				body = append(body, strings.Repeat("x", size)...)
				body = append(body, ChunkEnd...)
			}
			body = AppendLastChunk(body, nil)
			var c Chunked
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				c.Reset()
				for at := 0; ; {
					_, n, done, err := c.Next(body[at:])
					if err != nil || n == 0 {
						b.Fatal(n, err)
					}
					if at += n; done {
						break
					}
				}
			}
		})
	}
}
