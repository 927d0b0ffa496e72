package http1

import "github.com/ldcorn/ldcorn/engine/head"

func refuseAnswer(reason string) *head.Error { return &head.Error{Status: 502, Reason: reason} }

// ErrHeadLong is for a head that is larger than Limits.MaxHead.
var ErrHeadLong = head.Refuse(431, "head too large")

// Lines and fields, of any head and of trailers.
var (
	errBareLF      = head.Refuse(400, "line ends in a bare line feed")
	errBareCR      = head.Refuse(400, "carriage return without line feed")
	errNotASCII    = head.Refuse(400, "non-ASCII byte in the request line, which must be escaped")
	errFold        = head.Refuse(400, "folded field line")
	errFieldSpace  = head.Refuse(400, "space before the colon of a field")
	errNoColon     = head.Refuse(400, "field line without a colon")
	errConnProtect = head.Refuse(400, "connection names a field that must not be removed")
	errConnMany    = head.Refuse(400, "connection names too many fields")
)

// The request line.
var (
	errLineLong    = head.Refuse(414, "request line too long")
	errRequestLine = head.Refuse(400, "malformed request line")
	errEmptyLines  = head.Refuse(400, "too many empty lines before the request")
	errVersion     = head.Refuse(505, "unsupported version")
)

// Host, framing and expectations of a request.
var (
	errBothFramings = head.Refuse(400, "content-length together with transfer-encoding")
	errCoding       = head.Refuse(501, "unsupported transfer-encoding")
	errCodingAfter  = head.Refuse(400, "transfer-encoding after chunked")
	errCoding10     = head.Refuse(400, "transfer-encoding in HTTP/1.0")
)

// Websocket handshakes: RFC 6455 §4.2.1. If a proxy in front probably broke the
// handshake, the reason says what nginx needs.
var (
	errSocket10      = head.Refuse(400, "websocket handshake over HTTP/1.0: nginx needs proxy_http_version 1.1")
	errSocketUpgrade = head.Refuse(400, "websocket handshake without an upgrade field: nginx needs proxy_set_header Upgrade $http_upgrade")
	errSocketConn    = head.Refuse(400, "websocket handshake whose connection field does not name upgrade: nginx needs proxy_set_header Connection upgrade")
	errSocketMethod  = head.Refuse(400, "websocket handshake that is not a GET")
	errSocketBody    = head.Refuse(400, "websocket handshake with a body")
	errSocketOther   = head.Refuse(400, "websocket handshake that offers another protocol too")
	errSocketVersion = head.Refuse(426, "websocket handshake with a version other than 13")
	errSocketKey     = head.Refuse(400, "websocket handshake without one valid sec-websocket-key")
)

// Chunked bodies.
var (
	errChunkSize    = head.Refuse(400, "malformed chunk size")
	errChunkExt     = head.Refuse(400, "chunk extension too long")
	errChunkEnd     = head.Refuse(400, "chunk data not followed by CRLF")
	errChunkWaste   = head.Refuse(400, "chunked body is mostly framing")
	errTrailersLong = head.Refuse(431, "trailers too large")
)

// Answers of a worker.
var (
	errStatusLine    = refuseAnswer("malformed status line")
	errStatusLong    = refuseAnswer("status line too long")
	errLengthsDiffer = refuseAnswer("content-length lines that differ")
)
