// Package proxyheader reads the header of the PROXY protocol, version 1 or 2, with
// which a proxy names its client at the start of a connection. It is a layer under
// the connection, and another one, such as TLS, can follow.
//
// https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt specifies the protocol.
package proxyheader
