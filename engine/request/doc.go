// Package request presents a request as matchers and routers see it. A View is
// over a parsed head, whether that came from a client or from a line that a
// person wrote (Sample), so that both are read the same way.
package request
