package http1

// An Error is a refusal. All values are created once, in this file: a caller
// can compare them with == and use Reason as a metric label.
type Error struct {
	Status int    // status to answer with
	Reason string // short and fixed, without input; safe to show and to log

	gateway *Error
}

func (e *Error) Error() string { return e.Reason }

// Gateway returns the same fault as a fault of a worker's answer, with status
// 502. It returns e if that already is one.
func (e *Error) Gateway() *Error {
	if e.gateway == nil {
		return e
	}
	return e.gateway
}

func refuse(status int, reason string) *Error {
	return &Error{Status: status, Reason: reason, gateway: &Error{Status: 502, Reason: reason}}
}

func refuseAnswer(reason string) *Error { return &Error{Status: 502, Reason: reason} }

// ErrHeadLong is for a head that is larger than Limits.MaxHead.
var ErrHeadLong = refuse(431, "head too large")

// Lines and fields, of any head and of trailers.
var (
	errBareLF      = refuse(400, "line ends in a bare line feed")
	errBareCR      = refuse(400, "carriage return without line feed")
	errControl     = refuse(400, "control byte in a line")
	errNotASCII    = refuse(400, "non-ASCII byte in the request line, which must be escaped")
	errFold        = refuse(400, "folded field line")
	errFieldName   = refuse(400, "field name is not a token")
	errFieldSpace  = refuse(400, "space before the colon of a field")
	errNoColon     = refuse(400, "field line without a colon")
	errNameLong    = refuse(431, "field name too long")
	errManyFields  = refuse(431, "too many fields")
	errConnProtect = refuse(400, "connection names a field that must not be removed")
	errConnMany    = refuse(400, "connection names too many fields")
)

// The request line.
var (
	errLineLong    = refuse(414, "request line too long")
	errRequestLine = refuse(400, "malformed request line")
	errEmptyLines  = refuse(400, "too many empty lines before the request")
	errVersion     = refuse(505, "unsupported version")
	errMethod      = refuse(400, "method is not a token")
	errMethodDeny  = refuse(405, "method not allowed")
	errTarget      = refuse(400, "malformed target")
	errFragment    = refuse(400, "fragment in the target")
	errBackslash   = refuse(400, "backslash in the path")
	errEscape      = refuse(400, "broken escape in the target")
	errDotSegment  = refuse(400, "dot segment in the path")
)

// Host, framing and expectations of a request.
var (
	errNoHost       = refuse(400, "no host field")
	errHosts        = refuse(400, "more than one host field")
	errHost         = refuse(400, "malformed host")
	errLength       = refuse(400, "malformed content-length")
	errLengths      = refuse(400, "more than one content-length")
	errBothFramings = refuse(400, "content-length together with transfer-encoding")
	errCoding       = refuse(501, "unsupported transfer-encoding")
	errCodingAfter  = refuse(400, "transfer-encoding after chunked")
	errCoding10     = refuse(400, "transfer-encoding in HTTP/1.0")
	errTrailerName  = refuse(400, "trailer names a framing field")
	errExpect       = refuse(417, "unknown expectation")
)

// Websocket handshakes: RFC 6455 §4.2.1. If a proxy in front probably broke the
// handshake, the reason says what nginx needs.
var (
	errSocket10      = refuse(400, "websocket handshake over HTTP/1.0: nginx needs proxy_http_version 1.1")
	errSocketUpgrade = refuse(400, "websocket handshake without an upgrade field: nginx needs proxy_set_header Upgrade $http_upgrade")
	errSocketConn    = refuse(400, "websocket handshake whose connection field does not name upgrade: nginx needs proxy_set_header Connection upgrade")
	errSocketMethod  = refuse(400, "websocket handshake that is not a GET")
	errSocketBody    = refuse(400, "websocket handshake with a body")
	errSocketOther   = refuse(400, "websocket handshake that offers another protocol too")
	errSocketVersion = refuse(426, "websocket handshake with a version other than 13")
	errSocketKey     = refuse(400, "websocket handshake without one valid sec-websocket-key")
)

// Chunked bodies.
var (
	errChunkSize    = refuse(400, "malformed chunk size")
	errChunkExt     = refuse(400, "chunk extension too long")
	errChunkEnd     = refuse(400, "chunk data not followed by CRLF")
	errChunkWaste   = refuse(400, "chunked body is mostly framing")
	errTrailersLong = refuse(431, "trailers too large")
)

// Answers of a worker.
var (
	errStatusLine    = refuseAnswer("malformed status line")
	errStatusLong    = refuseAnswer("status line too long")
	errLengthsDiffer = refuseAnswer("content-length lines that differ")
)
