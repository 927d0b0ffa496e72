// Package head holds the part of a request's head that is the same in every
// version of HTTP: what matchers, routers and the proxy read, and what a codec
// such as engine/http1 fills in. It also knows the header fields that matter,
// and checks a head equally strictly in every version.
package head
