package proxy

import "github.com/ldcorn/ldcorn/engine/head"

// appendTarget writes the target for the worker: the client's in origin form,
// without the prefix that the group strips. It reports whether the prefix was
// there.
//
// What the app decodes of the target is the decoded path that the route was
// found by, minus the prefix. Nothing else may go: a router that saw
// "/api//admin" must not lead to an app that sees "/admin".
func appendTarget(out []byte, req *head.Request, prefix string) ([]byte, bool) {
	if prefix == "" {
		return append(out, req.Origin...), false
	}
	n, ok := prefixLen(req.RawPath, prefix)
	if !ok {
		return append(out, req.Origin...), false
	}
	if c, width := head.Unescape(req.RawPath[n:]); c == '/' {
		n += width // an escaped slash becomes a plain one: a target begins with "/"
	}
	return append(append(out, '/'), req.Origin[n:]...), true
}

// prefixLen returns how many bytes of an escaped path decode to prefix, where
// the prefix is whole segments of the path: its end, or a slash, plain or
// escaped, follows.
func prefixLen(raw []byte, prefix string) (int, bool) {
	i := 0
	for j := 0; j < len(prefix); j++ {
		c, n := head.Unescape(raw[i:])
		if n == 0 || c != prefix[j] {
			return 0, false
		}
		i += n
	}
	c, n := head.Unescape(raw[i:])
	return i, n == 0 || c == '/'
}
