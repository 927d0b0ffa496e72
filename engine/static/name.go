package static

import (
	"bytes"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

const maxName = 4 << 10 // bytes, as PATH_MAX of Linux

// wellKnown is the only folder served whose name begins with a dot (RFC 8615).
const wellKnown = ".well-known"

// nameOf returns the name of the file that a path asks for, which is relative to the
// folder. It reports false if there can be no such file, or if it is not to be
// served: a name that begins with a dot is hidden. path is decoded once, and rawPath
// is as the client sent it.
//
// A slash that is escaped in rawPath is a part of a name, and no name has one. Other
// servers take it for a separator, and rules about paths in front of ldcorn may not.
func nameOf(of *plan.Static, path, rawPath []byte) (name []byte, ok bool) {
	n := len(of.Prefix)
	if of.Prefix == "/" {
		n = 0
	}
	name = path[n:]
	if len(name) > 0 {
		name = name[1:]
	}
	if len(name) > maxName || bytes.IndexByte(name, 0) >= 0 || hasEscapedSlash(rawPath) {
		return nil, false
	}
	for rest, first := name, true; len(rest) > 0; first = false {
		var segment []byte
		segment, rest, _ = bytes.Cut(rest, slash)
		switch {
		case len(segment) == 0 || len(segment) > plan.MaxFileName:
			return nil, false
		case segment[0] == '.' && !(first && of.Prefix == "/" && string(segment) == wellKnown):
			return nil, false
		}
	}
	return name, true
}

var slash = []byte("/")

// isFolder reports whether a name is that of a folder.
func isFolder[T string | []byte](name T) bool { return len(name) == 0 || name[len(name)-1] == '/' }

func hasEscapedSlash(rawPath []byte) bool {
	for {
		i := bytes.IndexByte(rawPath, '%')
		if i < 0 || i+2 >= len(rawPath) {
			return false
		}
		if rawPath[i+1] == '2' && rawPath[i+2]|0x20 == 'f' {
			return true
		}
		rawPath = rawPath[i+1:]
	}
}

// extension returns the part of a name behind its last dot, in lower case.
func extension(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return ""
	}
	return strings.ToLower(name[i+1:])
}
