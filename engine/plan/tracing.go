package plan

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Tracing says where spans of requests are sent, and of which. A nil Tracing is none.
type Tracing struct {
	Endpoint string        // the URL to which spans are posted
	Sample   float64       // the part of the requests that have a span, from 0 to 1; a trusted proxy decides for its own
	Headers  []TraceHeader // of what is posted; sorted by name
	Service  string        // the name of this service in traces
}

// A TraceHeader is a header of what is sent to a collector. It is comparable.
type TraceHeader struct {
	Name  string
	Value Text
}

// Defaults of otlp.
const (
	DefaultTraceSample  = 0.01
	DefaultTraceService = "ldcorn"
)

// tracesPath is where a collector takes spans.
const tracesPath = "/v1/traces"

// ParseCollector returns the URL to which spans are posted, or an error that says what
// is wrong, and after a semicolon what to do.
func ParseCollector(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "", errors.New(`is not the URL of a collector; write it as "http://127.0.0.1:4318"`)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("has the scheme %q; write http:// or https://: spans are sent as OTLP over HTTP", u.Scheme)
	case u.User != nil:
		return "", errors.New("has a password in it, which logs would show; write headers={\"Authorization\": secret(…)}")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New(`has more than a path; write it as "http://127.0.0.1:4318"`)
	case u.Port() == "4317":
		return "", errors.New("has port 4317, on which collectors speak gRPC; write port 4318, for OTLP over HTTP")
	}
	if u.Path = strings.TrimSuffix(u.Path, "/"); !strings.HasSuffix(u.Path, tracesPath) {
		u.Path += tracesPath
	}
	return u.String(), nil
}

// NewTraceHeader returns a header, or an error that says what is wrong.
func NewTraceHeader(name string, value Text) (TraceHeader, error) {
	if err := checkHeaderName(name); err != nil {
		return TraceHeader{}, err
	}
	return TraceHeader{name, value}, checkHeaderValue(value.Reveal())
}

// String returns the value as the configuration writes it, without secrets.
func (t *Tracing) String() string {
	if t == nil {
		return "None"
	}
	out := fmt.Sprintf("otlp(%q, sample=%s", t.Endpoint, strconv.FormatFloat(t.Sample, 'g', -1, 64))
	if len(t.Headers) > 0 {
		var pairs []string
		for _, h := range t.Headers {
			value := h.Value.String()
			if !h.Value.IsSecret() {
				value = strconv.Quote(value)
			}
			pairs = append(pairs, strconv.Quote(h.Name)+": "+value)
		}
		out += ", headers={" + strings.Join(pairs, ", ") + "}"
	}
	return out + fmt.Sprintf(", service_name=%q)", t.Service)
}

// Same reports whether two settings are equal. Either can be nil.
func (t *Tracing) Same(u *Tracing) bool {
	if t == nil || u == nil {
		return t == u
	}
	return t.Endpoint == u.Endpoint && t.Sample == u.Sample && t.Service == u.Service && slices.Equal(t.Headers, u.Headers)
}

func (t *Tracing) secrets() (out []string) {
	if t == nil {
		return nil
	}
	for _, h := range t.Headers {
		if h.Value.IsSecret() {
			out = append(out, h.Value.Reveal())
		}
	}
	return out
}

var tracingAttribute = planAttribute{Name: "tracing", Type: "tracing | None", Default: "None", Effect: EffectProxy,
	Rule:       "such as `otlp(\"http://127.0.0.1:4318\", sample=0.01)`",
	Doc:        "Where spans of requests are sent. None means nowhere: then `traceparent` is passed on as it came.",
	OtherNames: []string{"otel", "opentelemetry", "traces", "trace", "otlp", "telemetry", "spans"},
	Show:       func(p *Plan) string { return p.Tracing.String() },
	Same:       func(a, b *Plan) bool { return a.Tracing.Same(b.Tracing) },
	Secrets:    func(p *Plan) []string { return p.Tracing.secrets() },
	Copy:       func(to, from *Plan) { to.Tracing = from.Tracing }}
