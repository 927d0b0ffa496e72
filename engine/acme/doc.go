// Package acme gets certificates from issuers that speak ACME (RFC 8555), and
// renews them. It stores them in a folder that lasts, which several masters can
// share.
//
// Each name of the configuration has a certificate of its own and a goroutine,
// which owns everything about it. A Manager has the names, and the answers to the
// challenges of issuers.
package acme
