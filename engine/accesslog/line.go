package accesslog

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// appendText appends a record as a line of text: the combined format of Apache
// and nginx, which every log reader knows, followed by name=value pairs. rate is ""
// unless the line stands for others.
func appendText(b []byte, r *result.Result, now time.Time, rate string) []byte {
	b = appendClient(b, r.Client)
	b = append(b, " - - ["...)
	b = now.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	if r.Unparsed() {
		b = appendEscaped(b, r.Line)
	} else {
		b = append(b, r.Request.Method...)
		b = append(b, ' ')
		b = appendEscaped(b, r.Request.Target)
		b = append(b, ' ')
		b = append(b, version(r)...)
	}
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, r.Sent, 10)
	b = appendQuoted(append(b, ' '), r.Request.Get(head.KindReferer))
	b = appendQuoted(append(b, ' '), r.Request.Get(head.KindUserAgent))
	if b = appendPairs(b, r); rate != "" {
		b = append(append(b, " sample="...), rate...)
	}
	return append(b, '\n')
}

// appendPairs appends the fields that the combined format lacks.
func appendPairs(b []byte, r *result.Result) []byte {
	if r.Group != "" {
		b = append(append(b, " group="...), r.Group...)
	}
	if r.Static != "" {
		b = appendEscaped(append(b, " static="...), strings.ReplaceAll(r.Static, " ", "%20"))
	}
	if r.Worker >= 0 {
		b = strconv.AppendInt(append(b, " worker="...), int64(r.Worker), 10)
	}
	if r.Router != "" {
		b = append(append(b, " router="...), r.Router...)
	}
	b = appendSeconds(append(b, " took="...), r.Took)
	b = appendSeconds(append(b, " queued="...), r.Queued)
	if r.Worker >= 0 {
		b = appendSeconds(append(b, " held="...), r.Held)
	}
	if r.Receiving > 0 {
		b = appendSeconds(append(b, " receiving="...), r.Receiving)
	}
	if r.Priority != 0 {
		b = strconv.AppendInt(append(b, " priority="...), int64(r.Priority), 10)
	}
	if r.Fair != 0 {
		b = r.Fair.Append(append(b, " fair="...))
	}
	if r.Repeats > 0 {
		b = strconv.AppendInt(append(b, " repeats="...), int64(r.Repeats), 10)
	}
	b = appendEscaped(append(b, " id="...), r.ID)
	if r.Trace != (head.TraceID{}) {
		b = r.Trace.Append(append(b, " trace="...))
	}
	if r.Kind != "" {
		b = append(append(b, " kind="...), r.Kind...)
		b = append(appendEscaped(append(b, ` reason="`...), strings.ReplaceAll(r.Reason, `"`, "'")), '"')
	}
	return b
}

// appendJSON appends a record as an object on a line of its own. It omits
// fields without a value. rate is "" unless the line stands for others.
func appendJSON(b []byte, r *result.Result, now time.Time, rate string) []byte {
	b = append(b, `{"time":"`...)
	b = appendTime(b, now)
	b = append(b, '"')
	if r.Client.IsValid() {
		b = append(r.Client.AppendTo(append(b, `,"client":"`...)), '"')
	}
	if r.Unparsed() {
		b = appendMember(b, `,"line":`, r.Line)
	} else {
		b = appendMember(b, `,"method":`, r.Request.Method)
		b = appendMember(b, `,"target":`, r.Request.Target)
		b = append(append(append(b, `,"version":"`...), version(r)...), '"')
		b = appendMember(b, `,"host":`, r.Request.Host)
	}
	if r.TLS != "" {
		b = append(append(append(b, `,"tls":"`...), r.TLS...), '"')
	}
	b = strconv.AppendInt(append(b, `,"status":`...), int64(r.Status), 10)
	b = strconv.AppendInt(append(b, `,"bytes":`...), r.Sent, 10)
	b = appendSeconds(append(b, `,"took":`...), r.Took)
	b = appendSeconds(append(b, `,"queued":`...), r.Queued)
	if r.Worker >= 0 {
		b = appendSeconds(append(b, `,"held":`...), r.Held)
	}
	if r.Receiving > 0 {
		b = appendSeconds(append(b, `,"receiving":`...), r.Receiving)
	}
	if r.Group != "" {
		b = append(append(append(b, `,"group":"`...), r.Group...), '"')
	}
	if r.Static != "" {
		b = appendMember(b, `,"static":`, []byte(r.Static))
	}
	if r.Worker >= 0 {
		b = strconv.AppendInt(append(b, `,"worker":`...), int64(r.Worker), 10)
	}
	if r.Router != "" {
		b = append(append(append(b, `,"router":"`...), r.Router...), '"')
	}
	if r.Priority != 0 {
		b = strconv.AppendInt(append(b, `,"priority":`...), int64(r.Priority), 10)
	}
	if r.Fair != 0 {
		b = append(r.Fair.Append(append(b, `,"fair":"`...)), '"')
	}
	if r.Repeats > 0 {
		b = strconv.AppendInt(append(b, `,"repeats":`...), int64(r.Repeats), 10)
	}
	b = appendMember(b, `,"id":`, r.ID)
	if r.Trace != (head.TraceID{}) {
		b = append(r.Trace.Append(append(b, `,"trace":"`...)), '"')
	}
	b = appendMember(b, `,"referer":`, r.Request.Get(head.KindReferer))
	b = appendMember(b, `,"user_agent":`, r.Request.Get(head.KindUserAgent))
	if r.Kind != "" {
		b = append(append(append(b, `,"kind":"`...), r.Kind...), '"')
		b = appendMember(b, `,"reason":`, []byte(r.Reason))
	}
	if rate != "" {
		b = append(append(b, `,"sample":`...), rate...)
	}
	return append(b, "}\n"...)
}

func version(r *result.Result) string {
	return cmp.Or(r.Request.Proto, "HTTP/1.0")
}

func appendClient(b []byte, ip netip.Addr) []byte {
	if !ip.IsValid() {
		return append(b, '-')
	}
	return ip.AppendTo(b)
}

// appendSeconds appends a duration in seconds, to the microsecond.
func appendSeconds(b []byte, d time.Duration) []byte {
	us := uint64(max(d.Microseconds(), 0))
	var digits [6]byte
	for i, rest := len(digits)-1, us; i >= 0; i, rest = i-1, rest/10 {
		digits[i] = byte('0' + rest%10)
	}
	return append(append(strconv.AppendUint(b, us/1e6, 10), '.'), digits[:]...)
}

// appendQuoted appends a value in quotes, or "-" if it is empty.
func appendQuoted(b, v []byte) []byte {
	if len(v) == 0 {
		return append(b, `"-"`...)
	}
	return append(appendEscaped(append(b, '"'), v), '"')
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends text from a client, with \xNN for each byte that could
// end a line or a quoted value, or that a terminal could interpret as a
// command.
func appendEscaped[T string | []byte](b []byte, v T) []byte {
	from := 0 // of what has not been appended
	for i := range len(v) {
		if c := v[i]; !plain[c] {
			b = append(append(b, v[from:i]...), '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			from = i + 1
		}
	}
	return append(b, v[from:]...)
}

// plain are the bytes that stand for themselves in every format. It is only read.
var plain = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// appendMember appends a member of a JSON object. It omits a member without a value.
func appendMember(b []byte, name string, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return append(appendJSONText(append(append(b, name...), '"'), v), '"')
}

// appendJSONText appends text within the quotes of a JSON string, with U+FFFD for
// invalid UTF-8.
func appendJSONText(b, v []byte) []byte {
	for len(v) > 0 {
		n := 0
		for n < len(v) && plain[v[n]] {
			n++
		}
		b, v = append(b, v[:n]...), v[n:]
		if len(v) == 0 {
			break
		}
		n = 1
		switch c := v[0]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < utf8.RuneSelf:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			var r rune
			r, n = utf8.DecodeRune(v)
			if visible.IsControl(r) {
				b = append(b, visible.Rune(r)...) // in the syntax of JSON
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
		v = v[n:]
	}
	return b
}
