// Package tlslayer speaks TLS under the connections of clients. A Layer is a
// netloop.Layer over crypto/tls.
//
// The handshake of a connection runs in a goroutine, because it computes for
// longer than an event loop may be held up. It ends with the handshake. From
// then on the event loop opens and seals the records itself: crypto/tls reads
// from a wire, which is in memory and holds one record at a time.
//
// The package knows nothing about certificates. A tls.Config chooses them.
package tlslayer
