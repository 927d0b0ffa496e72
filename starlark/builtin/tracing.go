package builtin

import (
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Tracing is the value of otlp.
type Tracing struct {
	opaque
	tracing *plan.Tracing
}

// String returns a call that makes the value, without secrets.
func (t *Tracing) String() string { return t.tracing.String() }

const otlpForm = `otlp("http://127.0.0.1:4318")`

func otlpWord() Word {
	return Word{
		Name: "otlp", Returns: "tracing",
		Doc: "Sends spans of requests to an OpenTelemetry collector, as OTLP over HTTP.",
		Arguments: []Argument{
			{Name: "endpoint", Type: "str", Required: true, Rule: `a URL such as "http://127.0.0.1:4318"; /v1/traces is added to it`,
				Doc: "Where the collector listens.", Example: `"http://127.0.0.1:4318"`, aka: []string{"url", "address", "collector", "host"}},
			{Name: "sample", Type: "float", Keyword: true, Default: "0.01", Rule: "0 to 1",
				Doc: "The part of the requests of which spans are sent. For a request of a trusted proxy that names a trace, the proxy has decided.",
				aka: []string{"ratio", "rate", "sampling", "sampler", "sample_rate", "probability"}},
			{Name: "headers", Type: "dict[str, str | secret]", Keyword: true, Default: "{}",
				Doc: "Headers for the collector, such as a token.", aka: []string{"header", "metadata"}},
			{Name: "service_name", Type: "str", Keyword: true, Default: `"ldcorn"`,
				Doc: "The name of this service in traces.", aka: []string{"service", "name"}},
		},
	}
}

// otlp implements otlp.
func (s *Session) otlp(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	t := &plan.Tracing{Sample: plan.DefaultTraceSample, Service: plan.DefaultTraceService}
	if g := have["endpoint"]; g != nil {
		text, err := value.String(g.value)
		if err == nil {
			t.Endpoint, err = plan.ParseCollector(text)
			err = withLabel(err)
		}
		if err != nil {
			c.wrongValue(g, err)
		}
	}
	if g := have["sample"]; g != nil {
		f, err := value.Float(g.value)
		if err == nil && !(f >= 0 && f <= 1) {
			err = value.Wrong("0.01 is one of a hundred requests", "must be from 0 to 1, got %v", f)
		}
		if err != nil {
			c.wrongValue(g, err)
		}
		t.Sample = f
	}
	if g := have["service_name"]; g != nil {
		text, err := value.String(g.value)
		if err == nil {
			err = notEmpty(text)
		}
		if err != nil {
			c.wrongValue(g, err)
		}
		t.Service = text
	}
	if g := have["headers"]; g != nil {
		t.Headers = c.traceHeaders(g)
	}
	return &Tracing{opaque: "tracing", tracing: t}, c.err
}

// traceHeaders reads the headers for a collector.
func (c *call) traceHeaders(g *given) (out []plan.TraceHeader) {
	dict, ok := g.value.(*starlark.Dict)
	if !ok {
		c.wrongValue(g, value.WrongType(`a dict such as {"Authorization": secret("TOKEN")}`, g.value, ""))
		return nil
	}
	for _, item := range dict.Items() {
		if value.IsUnset(item[0]) || value.IsUnset(item[1]) {
			continue
		}
		name, err := value.String(item[0])
		text, isSecret := item[1].(*value.Secret)
		var val plan.Text
		switch {
		case err != nil:
		case isSecret:
			val = plan.Secret(text.Reveal())
		default:
			var plain string
			plain, err = value.String(item[1])
			val = plan.Plain(plain)
		}
		var h plan.TraceHeader
		if err == nil {
			h, err = plan.NewTraceHeader(name, val)
		}
		if err != nil {
			_, span := c.entry(g, item[0])
			c.wrong(span, "`headers["+value.Quote(name)+"]`", codeHeader, err)
			continue
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b plan.TraceHeader) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func setTracing(c *call, g *given, p *plan.Plan) {
	switch v := g.value.(type) {
	case starlark.NoneType:
		p.Tracing = nil
	case *Tracing:
		if v.tracing.Endpoint != "" {
			p.Tracing = v.tracing
		}
	case starlark.String:
		c.wrongValue(g, value.WrongType("None or "+otlpForm, v, "write otlp("+value.Quote(string(v))+")"))
	default:
		c.wrongValue(g, value.WrongType("None or "+otlpForm, v, ""))
	}
}
