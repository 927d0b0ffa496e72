package proxy

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// answerOf returns an answer whose head has size bytes, including its empty
// line.
func answerOf(size int) string {
	const start, end = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: ", "\r\n\r\n"
	return start + strings.Repeat("x", size-len(start)-len(end)) + end + "hello"
}

// TestAnswerHeads checks that the head of an answer can have exactly
// max_response_header_size bytes and 1,000 fields, and that all of it arrives.
func TestAnswerHeads(t *testing.T) {
	cookies := func(n int) (lines string) {
		for i := range n {
			lines += fmt.Sprintf("Set-Cookie: c%d=%s\r\n", i, strings.Repeat("v", 80))
		}
		return lines
	}
	const length = "Content-Length: 5\r\n"
	for _, c := range []struct {
		why    string
		limit  int
		answer string
		lines  string // lines the client must get; "" = the answer's head except its last field
		reason string // in the access log; "" = the answer is good
	}{
		{why: "more than a buffer", answer: answerOf(firstBuffer + 1)},
		{why: "more than the buffer of a body", answer: answerOf(bodyBuffer + 1)},
		{why: "the default itself", answer: answerOf(plan.DefaultMaxResponseHeaderSize)},
		{why: "one more", answer: answerOf(plan.DefaultMaxResponseHeaderSize + 1), reason: "the head of the worker's answer is larger than max_response_header_size"},
		{why: "a limit of the plan", limit: 1 << 10, answer: answerOf(1 << 10)},
		{why: "one more than that", limit: 1 << 10, answer: answerOf(1<<10 + 1), reason: "the head of the worker's answer is larger than max_response_header_size"},
		{why: "beyond the default", limit: 1 << 20, answer: answerOf(1 << 20)},
		{why: "1,000 fields", answer: http1test.Answer(cookies(999)+length) + "hello", lines: cookies(999)},
		{why: "1,001 fields", answer: http1test.Answer(cookies(1000)+length) + "hello", reason: "the worker's answer is malformed: too many fields"},
		{why: "Uvicorn 0.50 denies a websocket", lines: "content-type: application/json\r\n",
			answer: http1test.Answer("Date: x\r\n"+length+"Content-Type: text/plain; charset=utf-8\r\ncontent-length: 5\r\ncontent-type: application/json\r\n") + "hello"},
		{why: "a length beside chunks", lines: "X: a\r\n",
			answer: http1test.Answer("Content-Length: 9\r\nTransfer-Encoding: chunked\r\nX: a\r\n") + "5\r\nhello\r\n0\r\n\r\n"},
		{why: "lengths that differ", answer: http1test.Answer(length+"Content-Length: 6\r\n") + "hello", reason: "the worker's answer is malformed: content-length lines that differ"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := planOf(t, map[string]string{"default": "*"})
				p.MaxResponseHeaderSize = c.limit
				seen := make(chan string, 1)
				r := newRig(t, driver, p, func(o *Options) { o.Observer = observerFunc(func(r *result.Result) { seen <- r.Reason }) })
				u := r.worker("default", says(c.answer))
				got := r.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				assert.Equal(t, c.reason, <-seen)
				if c.reason != "" {
					assert.Contains(t, got, "HTTP/1.1 502 ")
					assert.Regexp(t, `\r\nX-Request-ID: ([0-9a-f]{16})\r\n(?s:.)*request id: `, got)
					return
				}
				head, body, _ := strings.Cut(got, "\r\n\r\n")
				assert.Contains(t, head, "HTTP/1.1 200 OK")
				lines := c.lines
				if lines == "" {
					lines = c.answer[strings.Index(c.answer, "X: "):strings.Index(c.answer, "\r\n\r\n")]
				}
				assert.Contains(t, head+"\r\n", lines)
				assert.LessOrEqual(t, strings.Count(strings.ToLower(head), "\r\ncontent-length: ")+strings.Count(head, "\r\nTransfer-Encoding: "), 1)
				assert.LessOrEqual(t, strings.Count(strings.ToLower(head), "\r\ncontent-type: "), 1)
				assert.Contains(t, body, "hello")
				r.idleAgain(u)
			})
		})
	}
}

// TestBothFramingsEndTheConnection checks that a worker's connection is not
// reused after an answer with two framings, because the worker may consider the
// bytes after it to be the rest of the answer.
func TestBothFramingsEndTheConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		u := r.worker("default", answering(http1test.Answer("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n")+"5\r\nhello\r\n0\r\n\r\n"))
		c := r.client()
		for i := range 3 {
			c.say(http1test.Get("/"))
			head := c.head()
			assert.Contains(t, head, "Transfer-Encoding: chunked\r\n")
			rest := make([]byte, len("5\r\nhello\r\n0\r\n\r\n"))
			_, err := io.ReadFull(c.in, rest)
			assert.NoError(t, err)
			r.idleAgain(u)
			assert.Len(t, u.received(), i+1, "each answer needs a new connection")
		}
	})
}

// TestReasonsOfBadGateway checks that the access log says, for each 502, what
// the worker did.
func TestReasonsOfBadGateway(t *testing.T) {
	for _, c := range []struct {
		why, reason string
		m           manner
		in          string
	}{
		{"closes", "the worker closed its connection before it answered", closes, http1test.Post("Content-Length: 0\r\n")},
		{"a part of a head", "the worker closed its connection in the head of its answer", says("HTTP/1.1 200 OK\r\nX"), http1test.Get("/")},
		{"a traceback", "the worker's answer is malformed: line ends in a bare line feed", says("Traceback (most recent call last):\n"), http1test.Get("/")},
		{"101", "the worker's answer is malformed: 101 for a request that asks for no websocket", says("HTTP/1.1 101 x\r\n\r\n"), http1test.Get("/")},
		{"a chunk", "the worker's answer is malformed: malformed chunk size", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx"), http1test.Get("/")},
		{"a chunk behind a good one", "the worker's answer is malformed: malformed chunk size", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nx"), http1test.Get("/")},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				seen := make(chan string, 1)
				r := newRig(t, driver, nil, func(o *Options) { o.Observer = observerFunc(func(r *result.Result) { seen <- r.Reason }) })
				r.worker("default", c.m)
				cl := r.client()
				cl.say(c.in)
				assert.Equal(t, c.reason, <-seen)
			})
		})
	}
}
