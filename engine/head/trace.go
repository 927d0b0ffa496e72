package head

import "encoding/hex"

// A TraceID names a trace, which is one operation across many services. The zero
// TraceID is none.
type TraceID [16]byte

// Append appends 32 hexadecimal digits.
func (id TraceID) Append(b []byte) []byte { return hex.AppendEncode(b, id[:]) }

// String returns 32 hexadecimal digits, or "" for none.
func (id TraceID) String() string {
	if id == (TraceID{}) {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// A SpanID names one step of a trace. The zero SpanID is none.
type SpanID [8]byte

// A TraceContext is what a traceparent field says: the trace of a request, and the
// step of it that sent the request (https://www.w3.org/TR/trace-context/). The zero
// TraceContext is none.
type TraceContext struct {
	Trace   TraceID
	Parent  SpanID
	Sampled bool // the sender records its step
}

// traceparentLen is the length of a traceparent of version 00, and the shortest of
// later versions.
const traceparentLen = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// ParseTraceparent parses the value of a traceparent field. A value of a later version
// is read as far as this version goes. ok is false for a malformed value.
func ParseTraceparent(v []byte) (c TraceContext, ok bool) {
	var version, flags [1]byte
	if len(v) < traceparentLen || v[2] != '-' || v[35] != '-' || v[52] != '-' ||
		!lowerHex(version[:], v[:2]) || !lowerHex(c.Trace[:], v[3:35]) || !lowerHex(c.Parent[:], v[36:52]) || !lowerHex(flags[:], v[53:55]) {
		return TraceContext{}, false
	}
	switch {
	case version[0] == 0xff, c.Trace == TraceID{}, c.Parent == SpanID{}:
		return TraceContext{}, false
	case len(v) > traceparentLen && (version[0] == 0 || v[traceparentLen] != '-'):
		return TraceContext{}, false
	}
	c.Sampled = flags[0]&1 != 0
	return c, true
}

// lowerHex decodes hexadecimal digits in lower case. It reports false for others.
func lowerHex(to, digits []byte) bool {
	for _, c := range digits {
		if 'A' <= c && c <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(to, digits)
	return err == nil
}

// Append appends the context as the value of a traceparent field.
func (c TraceContext) Append(b []byte) []byte {
	b = append(c.Trace.Append(append(b, "00-"...)), '-')
	b = hex.AppendEncode(b, c.Parent[:])
	if c.Sampled {
		return append(b, "-01"...)
	}
	return append(b, "-00"...)
}

// TraceContext returns what the request says about its trace. It returns none if the
// request says nothing, several things or something malformed.
func (r *Request) TraceContext() TraceContext {
	if !r.seen.Has(KindTraceparent) {
		return TraceContext{}
	}
	var only *Field
	for i := range r.Fields {
		switch f := &r.Fields[i]; {
		case f.Kind != KindTraceparent:
		case only != nil || f.Drop:
			return TraceContext{}
		default:
			only = f
		}
	}
	c, _ := ParseTraceparent(only.Value)
	return c
}
