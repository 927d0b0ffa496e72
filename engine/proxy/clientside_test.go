package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/result"
)

var (
	getHead    = &memoryHead{method: "GET", target: "/x?a=1", fields: [][2]string{{"host", "a.example"}, {"x-a", "b"}}}
	streamHead = &memoryHead{method: "POST", target: "/up", fields: [][2]string{{"host", "a.example"}}, streamed: true}
	uploadHead = &memoryHead{method: "PUT", target: "/up", fields: [][2]string{{"host", "a.example"}, {"content-length", "10"}}, streamed: true}
)

// TestClientIsNoSocket checks that any implementation of Client can have a
// request served. It shares groups, queues and workers with HTTP/1 connections.
func TestClientIsNoSocket(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, driver string){
		"request": memoryRequest, "stream": memoryStream, "refusal": memoryRefusal, "upload": memoryUpload, "length": memoryLength,
		"cancel": memoryCancel, "cancel in the queue": memoryCancelQueued, "cancel within the upload": memoryCancelUpload,
		"retry": memoryRetry, "outlives the attempt": memoryOutlives,
	} {
		t.Run(name, func(t *testing.T) { eachDriver(t, test) })
	}
}

func memoryRequest(t *testing.T, driver string) {
	seen := make(chan result.Result, 1)
	r := newMemoryRig(t, driver, nil, func(o *Options) { o.Observer = observerFunc(func(r *result.Result) { seen <- *r }) })
	u := r.worker("default", answering("HTTP/1.1 200 OK\r\nx-b: c\r\nconnection: x-d\r\nx-d: e\r\ncontent-length: 5\r\n\r\nhello"))
	c := r.ask(t, getHead, nil, true)
	end, status, body := c.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello", body)
	assert.Equal(t, "x-b: c\r\n", c.fields)
	assert.Equal(t, int64(5), c.begun.Length)
	got := u.received()[0]
	assert.Contains(t, got, "GET /x?a=1 HTTP/1.1\r\n")
	assert.Contains(t, got, "X-Real-IP: 192.0.2.7\r\n")
	assert.Contains(t, got, "x-a: b\r\n")
	r.idleAgain(u)
	told := <-seen
	assert.Equal(t, result.Kind(""), told.Kind)
	assert.Equal(t, "default", told.Group)
	assert.Equal(t, "192.0.2.7", told.Client.String())
	assert.Equal(t, int64(5), told.Sent)
}

// memoryStream checks that the client sees nothing of the framing that the
// worker used.
func memoryStream(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, nil)
	r.worker("default", answering("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))
	c := r.ask(t, getHead, nil, true)
	end, status, body := c.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello", body)
	assert.Equal(t, []int{103}, c.interim)
	assert.Equal(t, BodyStream, c.begun.Body)
}

func memoryRefusal(t *testing.T, driver string) {
	p := planOf(t, map[string]string{"default": "/only"})
	c := newMemoryRig(t, driver, p).ask(t, getHead, nil, true)
	end, status, body := c.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 404, status)
	assert.Contains(t, body, "404 Not Found")
}

func memoryUpload(t *testing.T, driver string) {
	bodies := make(chan string, 1)
	r := newMemoryRig(t, driver, nil)
	u := r.worker("default", func(c net.Conn, in *bufio.Reader) {
		_, _ = readHead(in)
		b, _ := io.ReadAll(httputil.NewChunkedReader(in))
		_, _ = readHead(in) // the end of the trailers
		bodies <- string(b)
		io.WriteString(c, hello)
		untilGone(in)
	})
	c := r.ask(t, streamHead, []byte("first,"), false)
	c.until(func() bool { return c.asked })
	big := strings.Repeat("0123456789", 10_000)
	c.say("second,", false)
	c.say(big, false)
	c.say("last", true)
	end, status, body := c.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello", body)
	assert.Equal(t, "first,second,"+big+"last", <-bodies)
	r.idleAgain(u)
}

func memoryLength(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, nil)
	u := r.worker("default", answering(hello))
	c := r.ask(t, uploadHead, []byte("0123"), false)
	c.until(func() bool { return c.asked })
	c.say("456789", true)
	end, status, _ := c.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 200, status)
	assert.Contains(t, u.received()[0], "Content-Length: 10\r\n")
	assert.Contains(t, u.received()[0], "\r\n\r\n0123456789")
	r.idleAgain(u)
}

// silent returns a worker that answers nothing. The channels tell when it has
// received a head and when its connection has ended.
func silent(r *rig) (u *upstream, arrived, ended chan bool) {
	arrived, ended = make(chan bool, 8), make(chan bool, 8)
	u = r.worker("default", func(_ net.Conn, in *bufio.Reader) {
		_, _ = readHead(in)
		arrived <- true
		untilGone(in)
		ended <- true
	})
	return u, arrived, ended
}

func memoryCancel(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, nil)
	u, arrived, ended := silent(r.rig)
	c := r.ask(t, getHead, nil, true)
	<-arrived
	c.leave()
	end, status, _ := c.heard()
	assert.Equal(t, Cut, end)
	assert.Zero(t, status, "nothing was sent")
	<-ended
	r.idleAgain(u)
}

func memoryCancelQueued(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, capped(t, 1))
	s := newSlow()
	u := r.worker("default", s.serve)
	holds := r.ask(t, getHead, nil, true)
	<-s.began
	waits := r.ask(t, getHead, nil, true)
	soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "nobody waits")
	waits.leave()
	end, _, _ := waits.heard()
	assert.Equal(t, Cut, end)
	assert.Equal(t, 1, u.heads())
	holds.leave() // frees no slot: the worker is still working on it
	s.say <- hello
	end, _, _ = holds.heard()
	assert.Equal(t, Cut, end)
	r.idleAgain(u)
}

func memoryCancelUpload(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, nil)
	u, arrived, ended := silent(r.rig)
	c := r.ask(t, streamHead, []byte("first"), false)
	<-arrived
	c.say("second", false)
	c.leave()
	end, _, _ := c.heard()
	assert.Equal(t, Cut, end)
	<-ended
	r.idleAgain(u)
}

// memoryRetry checks that a worker that dies while it handles a request costs
// the client nothing. The part of the body that came with the head goes to the
// next worker too.
func memoryRetry(t *testing.T, driver string) {
	for _, c := range []struct {
		head *memoryHead
		body string
	}{{getHead, ""}, {uploadHead, "0123456789"}} {
		p := planOf(t, map[string]string{"default": "*"})
		p.Groups[0].Instances = 2
		r := newMemoryRig(t, driver, p)
		var died atomic.Bool
		dies := func(conn net.Conn, in *bufio.Reader) {
			if head, err := readHead(in); err != nil || !died.Swap(true) {
				return
			} else if n := lengthOf(head); n > 0 {
				_, _ = io.ReadFull(in, make([]byte, n))
			}
			io.WriteString(conn, hello)
			untilGone(in)
		}
		one, other := r.worker("default", dies), r.worker("default", dies)
		end, status, body := r.ask(t, c.head, []byte(c.body), true).heard()
		assert.Equal(t, Answered, end)
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello", body)
		assert.Equal(t, 2, one.heads()+other.heads())
		r.idleAgain(one, other)
	}
}

// memoryOutlives checks that a client that is slow to take the end of its
// answer holds no slot meanwhile.
func memoryOutlives(t *testing.T, driver string) {
	r := newMemoryRig(t, driver, capped(t, 1))
	u := r.worker("default", answering(hello))
	slow := r.askWith(t, getHead, nil, true, func(c *memoryClient) { c.closed = true })
	slow.until(func() bool { return slow.answered })
	r.idleAgain(u)
	_, status, _ := r.ask(t, getHead, nil, true).heard()
	assert.Equal(t, 200, status, "another request is served")
	slow.open()
	end, status, body := slow.heard()
	assert.Equal(t, Answered, end)
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello", body)
}
