package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A LogField is a field of the access log's lines: one of LogFieldNames, or a header
// such as "request.header:X-Tenant".
type LogField string

// The sides of the headers that a LogField can name.
const (
	RequestHeaderField  = "request.header:"
	ResponseHeaderField = "response.header:"
)

// The names of LogFields that are not headers.
const (
	LogTime      LogField = "time"
	LogClient    LogField = "client"
	LogMethod    LogField = "method"
	LogTarget    LogField = "target"
	LogPath      LogField = "path"
	LogVersion   LogField = "version"
	LogHost      LogField = "host"
	LogTLS       LogField = "tls"
	LogStatus    LogField = "status"
	LogBytes     LogField = "bytes"
	LogTook      LogField = "took"
	LogQueued    LogField = "queued"
	LogHeld      LogField = "held"
	LogReceiving LogField = "receiving"
	LogGroup     LogField = "group"
	LogStatic    LogField = "static"
	LogWorker    LogField = "worker"
	LogRouter    LogField = "router"
	LogPriority  LogField = "priority"
	LogFair      LogField = "fair"
	LogRepeats   LogField = "repeats"
	LogID        LogField = "id"
	LogTrace     LogField = "trace"
	LogReferer   LogField = "referer"
	LogUserAgent LogField = "user_agent"
	LogSampled   LogField = "sample"
	LogLine      LogField = "line"
	LogKind      LogField = "kind"
	LogReason    LogField = "reason"
)

// LogFieldNames lists the fields that are not headers. It is read-only.
var LogFieldNames = []LogField{LogTime, LogClient, LogMethod, LogTarget, LogPath, LogVersion, LogHost, LogTLS, LogStatus, LogBytes, LogTook,
	LogQueued, LogHeld, LogReceiving, LogGroup, LogStatic, LogWorker, LogRouter, LogPriority, LogFair, LogRepeats, LogID, LogTrace,
	LogReferer, LogUserAgent, LogSampled, LogLine, LogKind, LogReason}

// MaxLogFields is the largest number of fields in a line.
const MaxLogFields = 64

// Header returns the name of the header that the field is, and whether it is one of
// the request or of the answer. The name is "" for other fields.
func (f LogField) Header() (name string, ofAnswer bool) {
	if name, ok := strings.CutPrefix(string(f), RequestHeaderField); ok {
		return name, false
	}
	if name, ok := strings.CutPrefix(string(f), ResponseHeaderField); ok {
		return name, true
	}
	return "", false
}

// Check returns an error that says what is wrong with a field, and after a semicolon
// what to do, if that is known.
func (f LogField) Check() error {
	switch {
	case slices.Contains(LogFieldNames, f):
		return nil
	case f == RequestHeaderField || f == ResponseHeaderField:
		return fmt.Errorf("names no header: %q; write %q", string(f), string(f)+"X-Name")
	}
	name, ofAnswer := f.Header()
	switch {
	case name == "":
		return fmt.Errorf("is no field of a line: %q", string(f))
	case !head.IsToken(name) || len(name) > maxHeaderName:
		return fmt.Errorf("does not name a header: %q; use letters, digits and hyphens", name)
	case ofAnswer && (head.KindOf(name).Frames() || head.KindOf(name).OfConnection()):
		return fmt.Errorf("names a header that says how an answer is sent, which ldcorn decides: %q; the field \"bytes\" has the length of the body", name)
	}
	return nil
}

// same reports whether two fields are the same one.
func (f LogField) same(g LogField) bool { return strings.EqualFold(string(f), string(g)) }

// TwiceIn returns a field that is in a list twice, or "".
func TwiceIn(fields []LogField) LogField {
	for i, f := range fields {
		if slices.ContainsFunc(fields[:i], f.same) {
			return f
		}
	}
	return ""
}

// revealing are the headers with which whoever reads a log can act as a client.
var revealing = head.Kinds(head.KindAuthorization, head.KindProxyAuthorization, head.KindCookie, head.KindSetCookie)

// Reveals reports whether the field shows what clients prove with who they are.
func (f LogField) Reveals() bool {
	name, _ := f.Header()
	return name != "" && revealing.Has(head.KindOf(name))
}

// A LogSample is the part of the requests that went well of which the access log has a
// line: more than 0, and at most 1, which is all of them. In a group, 0 means that of
// the plan.
type LogSample float64

// String returns the value as the configuration writes it.
func (s LogSample) String() string {
	if s == 0 {
		return "None"
	}
	return strconv.FormatFloat(float64(s), 'g', -1, 64)
}

// DefaultLogSlow is the time from which on a request counts as slow.
const DefaultLogSlow = time.Second

// LogOf returns the settings of the access log for requests of a group; nil stands for
// requests without one.
func (p *Plan) LogOf(g *Group) LogSettings {
	out := LogSettings{To: p.AccessLog, Format: p.LogFormat, Fields: p.LogFields, Sample: p.LogSample, Slow: p.LogSlow}
	if g != nil {
		if g.AccessLog != AccessLogAuto {
			out.To = g.AccessLog
		}
		if g.LogFields != nil {
			out.Fields = g.LogFields
		}
		if g.LogSample != 0 {
			out.Sample = g.LogSample
		}
		if g.LogSlow != nil {
			out.Slow = *g.LogSlow
		}
	}
	if out.Sample == 0 {
		out.Sample = 1
	}
	return out
}

// LogSettings say what the access log has of some requests.
type LogSettings struct {
	To     AccessLog
	Format LogFormat     // "" means LogText
	Fields []LogField    // in the order in which a line has them; nil means those of the format
	Sample LogSample     // never 0
	Slow   time.Duration // a request that takes as long always has a line; 0 means none has for that
}

// LogsAnswers reports whether a line of the access log has headers of answers.
func (p *Plan) LogsAnswers() bool {
	ofAnswer := func(f LogField) bool { _, is := f.Header(); return is }
	return slices.ContainsFunc(p.LogFields, ofAnswer) ||
		slices.ContainsFunc(p.Groups, func(g *Group) bool { return slices.ContainsFunc(g.LogFields, ofAnswer) })
}

// revealingFields warns about headers in the access log that only their client and the
// app should know.
func revealingFields(p *Plan) (out []Problem) {
	look := func(fields []LogField, g *Group) {
		for _, f := range fields {
			if f.Reveals() {
				out = append(out, Problem{
					Code: CodeRevealed, Warning: true,
					Message: fmt.Sprintf("the access log has %q: whoever reads it can act as the client", string(f)),
					Label:   "remove it, unless that is intended",
					Place:   Place{Group: g, Argument: "log_fields"},
				})
			}
		}
	}
	look(p.LogFields, nil)
	for _, g := range p.Groups {
		look(g.LogFields, g)
	}
	return out
}

// logFields completes the entry for the fields of the access log.
func logFields[T any](a Attribute[T], place func(*T) *[]LogField) Attribute[T] {
	a.Name, a.Type, a.Default, a.Effect = "log_fields", "list[str] | None", "None", EffectProxy
	a.Rule = fmt.Sprintf("1 to %d names of fields, and of headers as in %q or %q", MaxLogFields, RequestHeaderField+"X-Tenant", ResponseHeaderField+"Content-Type")
	a.OtherNames = []string{"access_log_fields", "log_keys", "fields", "access_log_format_fields"}
	a = several(a, place)
	list := a.Show
	a.Show = func(t *T) string {
		if *place(t) == nil {
			return "None"
		}
		return list(t)
	}
	a.Same = func(x, y *T) bool { return a.Show(x) == a.Show(y) }
	return a
}

const logSampleRule = "more than 0, and at most 1"

var logSampleNames = []string{"sample", "log_rate", "access_log_sample", "log_sampling", "sampling"}

var logSlowNames = []string{"slow", "slow_log", "slow_threshold", "slowlog", "log_slower"}
