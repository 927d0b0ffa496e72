// Package http1 is a strict HTTP/1.1 codec: it parses the heads of requests and
// answers, decodes chunked bodies, and writes all of these. It holds no
// sockets, starts no goroutines and, once its buffers have grown, allocates
// nothing.
//
// Strict means that it refuses whatever two parsers could read in two ways: the
// rules are those of RFC 9112 without the leniencies. Every refusal is a static
// *Error with the status to answer. This package decides what a head means for
// a connection (framing, keep-alive, hop-by-hop fields); engine/proxy decides
// what to forward, and where.
//
// The result of parsing depends only on the bytes, never on how they were split
// into reads.
package http1
