package plan

import "bytes"

const maxStaticPath = 4 << 10 // bytes, as PATH_MAX of Linux

// wellKnown is the only folder served whose name begins with a dot (RFC 8615).
const wellKnown = ".well-known"

// Why a static looks for no file.
const (
	unservedLong  = "no name of a file is that long"
	unservedNUL   = "no name of a file has a zero byte"
	unservedSlash = "it has an escaped slash, and no name of a file has a slash"
	unservedEmpty = "a part of it is empty"
	unservedIndex = "it is that of a folder, and the static has no index"
	unservedDot   = "files and folders whose names begin with a dot are hidden"
)

// Name returns the name of the file that a path asks for, which is relative to the
// folder. If there can be no such file, or if it is not to be served, Name returns the
// reason, which is empty otherwise: a name that begins with a dot is hidden. path is
// below the prefix and decoded once, and rawPath is as the client sent it. The name
// shares the memory of path.
//
// A slash that is escaped in rawPath is a part of a name, and no name has one. Other
// servers take it for a separator, and rules about paths in front of ldcorn may not.
func (s *Static) Name(path, rawPath []byte) (name []byte, unserved string) {
	n := len(s.Prefix)
	if s.Prefix == "/" {
		n = 0
	}
	name = path[n:]
	if len(name) > 0 {
		name = name[1:]
	}
	switch {
	case len(name) > maxStaticPath:
		return nil, unservedLong
	case bytes.IndexByte(name, 0) >= 0:
		return nil, unservedNUL
	case hasEscapedSlash(rawPath):
		return nil, unservedSlash
	}
	if s.Index == "" && (len(name) == 0 || name[len(name)-1] == '/') {
		return nil, unservedIndex
	}
	for rest, first := name, true; len(rest) > 0; first = false {
		var segment []byte
		segment, rest, _ = bytes.Cut(rest, slash)
		switch {
		case len(segment) == 0:
			return nil, unservedEmpty
		case len(segment) > MaxFileName:
			return nil, unservedLong
		case segment[0] == '.' && !(first && s.Prefix == "/" && string(segment) == wellKnown):
			return nil, unservedDot
		}
	}
	return name, ""
}

var slash = []byte("/")

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
