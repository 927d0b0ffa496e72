package proxy

import (
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// appendTarget writes the target for the worker: the client's in origin form,
// without the prefix that the pool strips. It reports whether that was there.
func appendTarget(out []byte, req *http1.Request, prefix string) ([]byte, bool) {
	if prefix == "" {
		return append(out, req.Origin...), false
	}
	n, ok := prefixLen(req.RawPath, prefix)
	if !ok {
		return append(out, req.Origin...), false
	}
	if n == len(req.RawPath) || req.RawPath[n] != '/' {
		out = append(out, '/')
	}
	return append(out, req.Origin[n:]...), true
}

// prefixLen returns the length of what of an escaped path decodes to prefix,
// when a segment ends there. An escaped slash ends one too, as the app would
// see it; it is part of the length.
func prefixLen(raw []byte, prefix string) (int, bool) {
	i := 0
	for j := 0; j < len(prefix); j++ {
		c, n := http1.Unescape(raw[i:])
		if n == 0 || c != prefix[j] {
			return 0, false
		}
		i += n
	}
	switch c, n := http1.Unescape(raw[i:]); {
	case n == 0, n == 1 && c == '/':
		return i, true
	case c == '/':
		return i + n, true
	}
	return 0, false
}

// dropPrefix is the edit that removes X-Forwarded-Prefix. Only read.
var dropPrefix = func() []plan.HeaderEdit {
	e, err := plan.NewHeaderEdit(plan.HeaderRemove, "X-Forwarded-Prefix", plan.Text{})
	if err != nil {
		panic(err) // the name is good
	}
	return []plan.HeaderEdit{e}
}()
