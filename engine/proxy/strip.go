package proxy

import "github.com/ldcorn/ldcorn/engine/head"

// appendTarget appends the target for the worker: the client's in origin form, without
// the prefix that the group strips. It reports whether the target had the prefix.
//
// The app decodes the target to the path that was routed, minus the prefix. Nothing
// else must be removed: if the router saw "/api//admin", the app must not see
// "/admin".
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

// prefixLen returns how many bytes of an escaped path decode to prefix. It returns
// false unless the prefix consists of whole segments: the end of the path or a slash,
// plain or escaped, must follow.
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
