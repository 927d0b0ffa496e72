package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// records is an observer that keeps what the tests check.
type records struct {
	mu  sync.Mutex // guards got
	got []string
}

func (r *records) Observe(rec *result.Result) {
	group := ""
	if rec.Pool != nil {
		group = rec.Pool.Name()
	}
	line := fmt.Sprintf("%s %s %d %d %s/%d repeats=%d %s", rec.Request.Method, rec.Request.Target, rec.Status, rec.Sent,
		group, rec.Worker, rec.Repeats, rec.Kind)
	if rec.Kind == result.KindRefused {
		line = fmt.Sprintf("%q %d %s", rec.Line, rec.Status, rec.Kind)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, line)
}

func (r *records) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// TestRecords checks that every request is reported once, with its outcome.
func TestRecords(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: a\r\n"
	answer := func(text string) func(net.Conn, *bufio.Reader) { return answering(text) }
	dies := func(after string) func(net.Conn, *bufio.Reader) {
		return func(c net.Conn, in *bufio.Reader) {
			readHead(in)
			io.WriteString(c, after)
		}
	}
	for _, c := range []struct {
		why    string
		worker func(net.Conn, *bufio.Reader)
		in     string
		want   []string // patterns
	}{
		{"an answer", answer(hello), "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n", []string{`^GET /a\?b 200 5 default/0 repeats=0 $`}},
		{"two in a row", answer(hello), "GET /a HTTP/1.1\r\nHost: a\r\n\r\nHEAD /b HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"^GET /a 200 5 default/0 repeats=0 $", "^HEAD /b 200 0 default/0 repeats=0 $"}},
		{"an error of the app is an answer", answer("HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno"), post + "Content-Length: 1\r\n\r\nx",
			[]string{"^POST / 500 2 default/0 repeats=0 $"}},
		{"a head that is refused", nil, "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", []string{`^"GET /\\x01 HTTP/1.1" 400 refused$`}},
		{"something else altogether", nil, "\x16\x03\x01\x02", []string{`^"\\x16\\x03\\x01\\x02" 400 refused$`}},
		{"a broken body", answer(hello), post + "Transfer-Encoding: chunked\r\n\r\nx\r\n", []string{`^POST / 400 \d+ default/-1 repeats=0 bad_body$`}},
		{"a body that ends early", answer(hello), post + "Content-Length: 9\r\n\r\nx", []string{`^POST / 400 \d+ default/0 repeats=0 bad_body$`}},
		{"a worker that dies", dies(""), post + "\r\n", []string{`^POST / 502 \d+ default/0 repeats=0 no_answer$`}},
		{"a malformed answer", dies("HTTP/9 200 OK\r\n\r\n"), post + "\r\n", []string{`^POST / 502 \d+ default/0 repeats=0 malformed_answer$`}},
		{"an answer that ends early", dies("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel"), post + "\r\n", []string{"^POST / 200 3 default/0 repeats=0 cut$"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				var got records
				r := newRig(t, driver, nil, func(o *Options) { o.Observer = &got })
				if c.worker != nil {
					r.worker("default", c.worker)
				}
				cl := r.dial()
				_, err := io.WriteString(cl, c.in)
				require.NoError(t, err)
				require.NoError(t, cl.CloseWrite())
				io.Copy(io.Discard, cl) // a cut answer ends with a reset
				soon(t, func() bool { return len(got.all()) == len(c.want) }, "a record for each, got %q", got.all())
				for i, want := range c.want {
					assert.Regexp(t, want, got.all()[i])
				}
			})
		})
	}
}

// TestRecordOfQueue checks that a request that waits for a slot is reported
// with the time that it took, and that a client that leaves the queue is
// reported as gone.
func TestRecordOfQueue(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		queued := make(chan result.Result, 8)
		r := newRig(t, driver, nil, func(o *Options) { o.Observer = observerFunc(func(rec *result.Result) { queued <- *rec }) })
		gone := r.client()
		gone.say("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		gone.SetLinger(0)
		gone.Close()
		left := <-queued
		assert.Equal(t, result.KindGone, left.Kind)
		assert.Equal(t, result.StatusGone, left.Status)

		waits := r.client()
		waits.say("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
		soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
		u := r.worker("default", answering(hello))
		waits.hear("GET")
		done := <-queued
		assert.Equal(t, result.Kind(""), done.Kind)
		assert.Positive(t, done.Queued)
		assert.GreaterOrEqual(t, done.Took+time.Millisecond, done.Queued)

		r.pools["default"].SetFailed(true)
		r.pools["default"].Swap(nil, []*pool.Worker{u.worker})
		full := r.client()
		full.say("GET /failed HTTP/1.1\r\nHost: a\r\n\r\n")
		full.hear("GET")
		assert.Equal(t, result.KindUnavailable, (<-queued).Kind)
	})
}

// TestRecordOfLateAnswer checks that a request that got a 504 is reported then,
// as a 504 and once, although the slot is held until the worker answers, if it
// ever does.
func TestRecordOfLateAnswer(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		var got records
		r := newRig(t, driver, hurried(t, 1, soonLate), func(o *Options) { o.Observer = &got })
		s := newSlow()
		u := r.worker("default", s.serve)
		cl := r.client()
		cl.say(http1test.Get("/late"))
		<-s.began
		cl.hear("GET")
		soon(t, func() bool { return len(got.all()) == 1 }, "told of before the worker has answered")
		s.say <- hello
		r.idleAgain(u)
		next := r.client()
		next.say(http1test.Get("/next"))
		<-s.began
		next.hear("GET")
		s.say <- hello
		soon(t, func() bool { return len(got.all()) == 2 }, "told of once")
		assert.Regexp(t, `^GET /late 504 \d+ default/0 repeats=0 request_timeout$`, got.all()[0])
		assert.Regexp(t, `^GET /next 504 `, got.all()[1])
	})
}

type observerFunc func(*result.Result)

func (f observerFunc) Observe(r *result.Result) { f(r) }

// TestObservers checks that all observers are told, in order.
func TestObservers(t *testing.T) {
	var told []string
	note := func(name string) result.Observer {
		return observerFunc(func(r *result.Result) { told = append(told, name+" "+r.Group) })
	}
	result.Observers{note("a"), note("b")}.Observe(&result.Result{Group: "web"})
	assert.Equal(t, []string{"a web", "b web"}, told)
}
