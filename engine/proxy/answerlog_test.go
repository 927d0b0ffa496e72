package proxy

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// answerFields is an observer that keeps the fields of answers.
type answerFields struct {
	mu  sync.Mutex // guards got
	got []string
}

func (o *answerFields) Observe(rec *result.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, string(rec.Answer))
}

// TestObserver_FieldsOfAnswers: the observer gets the fields that the client gets, of a
// worker's answer and of one of ldcorn's own, if the access log has any.
func TestObserver_FieldsOfAnswers(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for wanted, want := range map[plan.LogField][]string{
			plan.LogStatus:          {"", ""},
			"response.header:x-own": {"x-own: 1\r\nX-Edit: 2\r\n", "Content-Type: text/plain; charset=utf-8\r\nX-Request-ID: an-id\r\n"},
		} {
			p := planOf(t, map[string]string{"default": "/"})
			edit, err := plan.NewHeaderEdit(plan.HeaderSet, "X-Edit", plan.Plain("2"))
			require.NoError(t, err)
			p.ResponseHeaders, p.LogFields = []plan.HeaderEdit{edit}, []plan.LogField{wanted}
			var got answerFields
			r := newRig(t, driver, p, func(o *Options) { o.Observer = &got })
			r.worker("default", func(c net.Conn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nx-own: 1\r\nContent-Length: 1\r\n\r\nx")
				readHead(in)
				io.WriteString(c, "malformed\r\n\r\n")
			})
			cl := r.dial()
			_, err = io.WriteString(cl, "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nX-Request-ID: an-id\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			io.Copy(io.Discard, cl)
			soon(t, func() bool { got.mu.Lock(); defer got.mu.Unlock(); return len(got.got) == 2 }, "two records")
			assert.Equal(t, want, got.got)
		}
	})
}
