package accesslog

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A layout composes the lines of some requests. It never changes.
type layout struct {
	json   bool
	fields []field // nil means those of the format
	rate   string  // the value of plan.LogSampled, for lines that stand for others
}

// A field is a plan.LogField of a layout.
type field struct {
	is     plan.LogField // "" for a header
	key    string        // what comes before the value
	header string        // in lower case
	answer bool          // the header is one of the answer
}

func newLayout(s *plan.LogSettings) *layout {
	l := &layout{json: s.Format == plan.LogJSON, rate: s.Sample.String()}
	if s.Fields == nil {
		return l
	}
	names := s.Fields
	if s.Sample < 1 && !slices.Contains(names, plan.LogSampled) {
		names = append(slices.Clone(names), plan.LogSampled) // without it, nobody could count
	}
	for _, name := range names {
		f := field{is: name, key: string(name) + "="}
		if l.json {
			f.key = `"` + string(name) + `":`
		}
		if header, answer := name.Header(); header != "" {
			f.is, f.header, f.answer = "", strings.ToLower(header), answer
		}
		l.fields = append(l.fields, f)
	}
	return l
}

// append appends the line of a result. sampled says that it stands for others.
func (l *layout) append(b []byte, r *result.Result, now time.Time, sampled bool) []byte {
	rate := ""
	if sampled {
		rate = l.rate
	}
	switch {
	case l.fields == nil && l.json:
		return appendJSON(b, r, now, rate)
	case l.fields == nil:
		return appendText(b, r, now, rate)
	case l.json:
		return l.appendObject(b, r, now, rate)
	}
	return l.appendPairs(b, r, now, rate)
}

// appendObject appends the fields that have a value as a JSON object.
func (l *layout) appendObject(b []byte, r *result.Result, now time.Time, rate string) []byte {
	b = append(b, '{')
	for i := range l.fields {
		f, start := &l.fields[i], len(b)
		b = append(b, f.key...)
		switch value := len(b); {
		case f.header != "":
			b = f.appendHeader(append(b, '"'), r, appendJSONText)
			b = closed(b, value)
		case f.isNumber():
			b = f.appendPlain(b, r, now, rate)
		case f.isPlain():
			b = closed(f.appendPlain(append(b, '"'), r, now, rate), value)
		default:
			b = closed(appendJSONText(append(b, '"'), f.text(r)), value)
		}
		if len(b) == start+len(f.key) {
			b = b[:start] // it has no value
			continue
		}
		b = append(b, ',')
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, "}\n"...)
}

// closed ends a quoted value that begins at a place, or takes it back if it is empty.
func closed(b []byte, begin int) []byte {
	if len(b) == begin+1 {
		return b[:begin]
	}
	return append(b, '"')
}

// appendPairs appends the fields that have a value as name=value.
func (l *layout) appendPairs(b []byte, r *result.Result, now time.Time, rate string) []byte {
	for i := range l.fields {
		f, start := &l.fields[i], len(b)
		b = append(b, f.key...)
		switch value := len(b); {
		case f.header != "":
			b = closed(f.appendHeader(append(b, '"'), r, appendEscaped), value)
		case f.isPlain():
			b = f.appendPlain(b, r, now, rate)
		default:
			if text := f.text(r); needsQuotes(text) {
				b = append(appendEscaped(append(b, '"'), text), '"')
			} else {
				b = append(b, text...)
			}
		}
		if len(b) == start+len(f.key) {
			b = b[:start]
			continue
		}
		b = append(b, ' ')
	}
	if n := len(b); n > 0 && b[n-1] == ' ' {
		b = b[:n-1]
	}
	return append(b, '\n')
}

// needsQuotes reports whether a value could be mistaken for something else.
func needsQuotes(v []byte) bool {
	for _, c := range v {
		if c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\' {
			return true
		}
	}
	return false
}

// isNumber reports whether the value is a number in JSON.
func (f *field) isNumber() bool {
	switch f.is {
	case plan.LogStatus, plan.LogBytes, plan.LogTook, plan.LogQueued, plan.LogHeld, plan.LogReceiving, plan.LogWorker, plan.LogPriority,
		plan.LogRepeats, plan.LogSampled:
		return true
	}
	return false
}

// isPlain reports whether appendPlain has the value. It consists of characters that
// mean nothing else in any format.
func (f *field) isPlain() bool {
	switch f.is {
	case plan.LogTime, plan.LogClient, plan.LogFair, plan.LogTrace:
		return true
	}
	return f.isNumber()
}

// appendPlain appends the value, if there is one.
func (f *field) appendPlain(b []byte, r *result.Result, now time.Time, rate string) []byte {
	switch f.is {
	case plan.LogTime:
		return appendTime(b, now)
	case plan.LogClient:
		if r.Client.IsValid() {
			return r.Client.AppendTo(b)
		}
	case plan.LogTrace:
		if r.Trace != (head.TraceID{}) {
			return r.Trace.Append(b)
		}
	case plan.LogFair:
		if r.Fair != 0 {
			return r.Fair.Append(b)
		}
	case plan.LogStatus:
		return strconv.AppendInt(b, int64(r.Status), 10)
	case plan.LogBytes:
		return strconv.AppendInt(b, r.Sent, 10)
	case plan.LogTook:
		return appendSeconds(b, r.Took)
	case plan.LogQueued:
		return appendSeconds(b, r.Queued)
	case plan.LogHeld:
		if r.Worker >= 0 {
			return appendSeconds(b, r.Held)
		}
	case plan.LogReceiving:
		if r.Receiving > 0 {
			return appendSeconds(b, r.Receiving)
		}
	case plan.LogWorker:
		if r.Worker >= 0 {
			return strconv.AppendInt(b, int64(r.Worker), 10)
		}
	case plan.LogPriority:
		if r.Priority != 0 {
			return strconv.AppendInt(b, int64(r.Priority), 10)
		}
	case plan.LogRepeats:
		if r.Repeats > 0 {
			return strconv.AppendInt(b, int64(r.Repeats), 10)
		}
	case plan.LogSampled:
		return append(b, rate...)
	}
	return b
}

// text returns a value of which a client, or a configuration, can have decided any
// byte. It is nil if there is none.
func (f *field) text(r *result.Result) []byte {
	if r.Unparsed() {
		switch f.is {
		case plan.LogLine:
			return r.Line
		case plan.LogMethod, plan.LogTarget, plan.LogPath, plan.LogVersion, plan.LogHost:
			return nil // what was parsed of them may be only a part
		}
	}
	switch f.is {
	case plan.LogMethod:
		return r.Request.Method
	case plan.LogTarget:
		return r.Request.Target
	case plan.LogPath:
		return r.Request.RawPath
	case plan.LogVersion:
		return bytesOf(version(r))
	case plan.LogHost:
		return r.Request.Host
	case plan.LogTLS:
		return bytesOf(r.TLS)
	case plan.LogGroup:
		return bytesOf(r.Group)
	case plan.LogStatic:
		return bytesOf(r.Static)
	case plan.LogRouter:
		return bytesOf(string(r.Router))
	case plan.LogID:
		return r.ID
	case plan.LogReferer:
		return r.Request.Get(head.KindReferer)
	case plan.LogUserAgent:
		return r.Request.Get(head.KindUserAgent)
	case plan.LogKind:
		return bytesOf(string(r.Kind))
	case plan.LogReason:
		return bytesOf(r.Reason)
	}
	return nil
}

// bytesOf returns the bytes of a string, which must not change.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// appendHeader appends the values of the header, which are joined as RFC 9110 section
// 5.3 says.
func (f *field) appendHeader(b []byte, r *result.Result, escaped func(b, v []byte) []byte) []byte {
	start := len(b)
	add := func(v []byte) {
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = escaped(b, v)
	}
	if !f.answer {
		for i := range r.Request.Fields {
			if h := &r.Request.Fields[i]; head.EqualFolded(h.Name, f.header) {
				add(h.Value)
			}
		}
		return b
	}
	for line, rest := cutLine(r.Answer); len(line) > 0; line, rest = cutLine(rest) {
		if name, value, _ := bytes.Cut(line, []byte(": ")); head.EqualFolded(name, f.header) {
			add(value)
		}
	}
	return b
}

func cutLine(lines []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(lines, []byte("\r\n"))
	return line, rest
}
