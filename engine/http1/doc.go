// Package http1 is a strict HTTP/1.1 codec: it parses the heads of requests
// and answers, decodes chunked bodies, and writes the same. It holds no
// socket, starts no goroutine and, once its buffers have grown, allocates
// nothing.
//
// Strict means that whatever two parsers could read in two ways is refused:
// the rules are RFC 9112 without its leniencies. Every refusal is a static
// *Error with the status to answer. What the head means for a connection
// (framing, keep-alive, hop-by-hop fields) is decided here; what to send on,
// and where, is left to engine/proxy.
//
// Parsing depends only on the bytes, never on how reads happened to split
// them.
package http1
