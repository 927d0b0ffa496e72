// Package http1test holds the malformed messages that ldcorn refuses, as raw
// bytes with the reason of each, for the tests of the codec and for those of
// the proxy over real sockets.
package http1test
