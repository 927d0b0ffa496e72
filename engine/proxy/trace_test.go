package proxy

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/tracing"
	"github.com/ldcorn/ldcorn/engine/tracing/collectortest"
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

// echoingTrace answers every request with the traceparent and the tracestate that it got.
func echoingTrace(c net.Conn, in *bufio.Reader) {
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		var body strings.Builder
		for line := range strings.Lines(head) {
			if strings.HasPrefix(strings.ToLower(line), "trace") {
				body.WriteString(strings.TrimSpace(line) + "\n")
			}
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", body.Len(), body.String())
	}
}

// tracedRig returns a rig with tracing, whose worker echoes, and a function that makes
// a request with fields and returns what the worker got.
func tracedRig(t *testing.T, driver string, set *plan.Tracing, change func(*plan.Plan), observer result.Observer) func(fields string) string {
	p := planOf(t, map[string]string{"default": "/a"})
	p.Tracing = set
	if change != nil {
		change(p)
		p.SetListeners(p.Listeners)
	}
	r := newRig(t, driver, p, func(o *Options) { o.Observer = observer })
	r.worker("default", echoingTrace)
	return func(fields string) string {
		cl := r.dial()
		_, err := io.WriteString(cl, "GET /a?b HTTP/1.1\r\nHost: a\r\n"+fields+"Connection: close\r\n\r\n")
		require.NoError(t, err)
		got, _ := io.ReadAll(cl)
		_, body, _ := strings.Cut(string(got), "\r\n\r\n")
		return body
	}
}

// TestTracing checks what the app is told of a trace: whose it is, and who decides.
func TestTracing(t *testing.T) {
	const (
		sampled = "traceparent: 00-" + sampleTrace + "-b7ad6b7169203331-01\r\ntracestate: a=b\r\n"
		not     = "traceparent: 00-" + sampleTrace + "-b7ad6b7169203331-00\r\ntracestate: a=b\r\n"
		anyID   = "[0-9a-f]{16}"
	)
	trusting := func(p *plan.Plan) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	for _, c := range []struct {
		why    string
		sample float64
		change func(*plan.Plan)
		fields string
		want   string
	}{
		{"a new trace", 1, nil, "", "^traceparent: 00-[0-9a-f]{32}-" + anyID + "-01\n$"},
		{"a new trace that is not sampled", 0, nil, "", "^traceparent: 00-[0-9a-f]{32}-" + anyID + "-00\n$"},
		{"a malformed one", 1, nil, "traceparent: x\r\ntracestate: a=b\r\n", "^traceparent: 00-[0-9a-f]{32}-" + anyID + "-01\n$"},
		{"the client's word does not count", 0, nil, sampled, "^tracestate: a=b\ntraceparent: 00-" + sampleTrace + "-b7ad6b7169203331-00\n$"},
		{"but its trace does", 1, nil, not, "^tracestate: a=b\ntraceparent: 00-" + sampleTrace + "-" + anyID + "-01\n$"},
		{"a trusted proxy decides", 0, trusting, sampled, "^tracestate: a=b\ntraceparent: 00-" + sampleTrace + "-" + anyID + "-01\n$"},
		{"also against it", 1, trusting, not, "^tracestate: a=b\ntraceparent: 00-" + sampleTrace + "-b7ad6b7169203331-00\n$"},
		{"the configuration has the last word", 1, func(p *plan.Plan) {
			edit, err := plan.NewHeaderEdit(plan.HeaderRemove, "traceparent", plan.Text{})
			require.NoError(t, err)
			p.RequestHeaders = []plan.HeaderEdit{edit}
		}, "", "^$"},
	} {
		t.Run(c.why, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				got := tracedRig(t, driver, &plan.Tracing{Sample: c.sample}, c.change, nil)(c.fields)
				assert.Regexp(t, c.want, got)
				if strings.Contains(c.want, anyID) {
					assert.NotContains(t, got, "b7ad6b7169203331", "a span of its own")
				}
			})
		})
	}
}

// TestSpanOfRequest checks that the collector gets a span that is the child of the
// client's and the parent of the app's.
func TestSpanOfRequest(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		c := collectortest.New(t)
		tracer := tracing.New(slog.New(slog.DiscardHandler))
		set := &plan.Tracing{Endpoint: c.URL + "/v1/traces", Sample: 1, Service: "x"}
		tracer.Use(set)
		got := tracedRig(t, driver, set, nil, tracer)("traceparent: 00-" + sampleTrace + "-b7ad6b7169203331-01\r\n")
		soon(t, func() bool { return len(c.Spans()) == 1 }, "a span")
		tracer.Close()
		span := c.Spans()[0]
		assert.Equal(t, "GET /a", span.Name)
		assert.Equal(t, sampleTrace, hex.EncodeToString(span.TraceId))
		assert.Equal(t, "b7ad6b7169203331", hex.EncodeToString(span.ParentSpanId))
		assert.Equal(t, "traceparent: 00-"+sampleTrace+"-"+hex.EncodeToString(span.SpanId)+"-01\n", got)
		require.Len(t, span.Events, 2, "%v", span.Events)
	})
}
