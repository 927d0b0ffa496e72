// Package certs keeps the certificates of TLS listeners: it reads and checks
// them, chooses one for each handshake, and reads them again when their files
// change. A pair that is broken then keeps its last good content.
//
// A Store makes the tls.Config of one listener. The Keeper has the stores of a
// master, and watches the files.
package certs
