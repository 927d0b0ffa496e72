package proxy

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httputil"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAheadAtRandom lets clients and workers be fast and slow at random, with buffers
// that are now and then full, and checks that every answer arrives as it was made.
func TestAheadAtRandom(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		p := buffered(t, 300<<10)
		p.Groups[0].MaxReqPerWorker = 3
		p.BufferMemory, p.BufferLimit = 512<<10, megabyte
		r := narrowRig(t, driver, p)
		body := bodyText(megabyte)
		u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
			for {
				head, err := readHead(in)
				if err != nil {
					return
				}
				var size int
				fmt.Sscanf(head, "GET /%d ", &size)
				answer := f.frame(body[:size])
				for len(answer) > 0 {
					n := min(len(answer), 1+rand.IntN(1<<rand.IntN(18)))
					if _, err := io.WriteString(c, answer[:n]); err != nil {
						return
					}
					answer = answer[n:]
				}
				if f.name == "until close" {
					return
				}
			}
		})
		var wg sync.WaitGroup
		for range 6 {
			c := r.reader()
			wg.Go(func() {
				for range 4 {
					size := 1 + rand.IntN(1<<(8+rand.IntN(12)))
					_, err := fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", size)
					if err != nil || !assert.NoError(t, c.getsAtRandom(body[:size])) {
						return
					}
					if f.name == "until close" {
						return
					}
				}
			})
		}
		wg.Wait()
		r.idleAgain(u)
		r.emptyAgain()
	})
}

// getsAtRandom reads an answer, fast and slowly at random, and compares its body.
func (c *client) getsAtRandom(want string) error {
	head, err := readHead(c.in)
	if err != nil {
		return err
	}
	var body io.Reader = c.in
	switch {
	case strings.Contains(head, "Transfer-Encoding"):
		body = httputil.NewChunkedReader(c.in)
	case strings.Contains(head, "Content-Length"):
		body = io.LimitReader(c.in, int64(lengthOf(head)))
	}
	got, err := io.ReadAll(slowReader{body})
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("got %d bytes of %d", len(got), len(want))
	}
	if strings.Contains(head, "Transfer-Encoding") {
		_, err = readHead(c.in) // the line behind the last chunk
	}
	return err
}

// A slowReader lets others run between two reads.
type slowReader struct{ io.Reader }

func (s slowReader) Read(p []byte) (int, error) {
	for range rand.IntN(1 << rand.IntN(8)) {
		runtime.Gosched()
	}
	return s.Reader.Read(p[:min(len(p), 1+rand.IntN(1<<15))])
}
