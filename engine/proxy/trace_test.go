package proxy

import (
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/result"
)

// traces is an observer that keeps the traces of requests.
type traces struct {
	mu  sync.Mutex // guards got
	got []string
}

func (o *traces) Observe(rec *result.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, rec.Trace.String())
}

func (o *traces) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.got...)
}

const sampleTrace = "0af7651916cd43dd8448eb211c80319c"

// TestTraceWithoutTracing checks that the fields of a trace are passed on as they came,
// however they are, that none is made, and that the observer gets a valid trace.
func TestTraceWithoutTracing(t *testing.T) {
	const fields = "TraceParent: 00-" + sampleTrace + "-b7ad6b7169203331-01\r\ntracestate: a=b,c=d\r\n"
	for _, c := range []struct{ why, fields, trace string }{
		{"valid", fields, sampleTrace},
		{"none", "Accept: */*\r\n", ""},
		{"malformed", "traceparent: 00-x\r\ntracestate: a=b\r\n", ""},
		{"two", fields + fields, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				var got traces
				r := newRig(t, driver, nil, func(o *Options) { o.Observer = &got })
				u := r.worker("default", answering(hello))
				cl := r.dial()
				_, err := io.WriteString(cl, "GET / HTTP/1.1\r\nHost: a\r\n"+c.fields+"Connection: close\r\n\r\n")
				require.NoError(t, err)
				io.Copy(io.Discard, cl)
				soon(t, func() bool { return len(got.all()) == 1 }, "a record")
				assert.Equal(t, []string{c.trace}, got.all())
				head := u.received()[0]
				assert.Contains(t, head, c.fields, "unchanged")
				if c.fields[0] == 'A' {
					assert.NotContains(t, head, "trace", "none was made")
				}
			})
		})
	}
}
