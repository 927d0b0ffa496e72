package http2

import (
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ldcorn/ldcorn/engine/head"
)

const (
	fieldCost  = 32      // how much a field counts beside its text (RFC 9113 section 10.5.1)
	tableSize  = 4 << 10 // of the dynamic tables of header compression
	keptFields = 128     // for how many fields memory is kept
)

// A block is a header block that comes from the client: the head of a request, or
// trailers. It is decoded even if nobody wants it, because the next one builds on it.
type block struct {
	dec *hpack.Decoder

	id        uint32
	ends      bool // its stream ends with it
	fields    []hpack.HeaderField
	method    string
	scheme    string
	authority string
	path      string
	protocol  string
	seen      uint8 // the pseudo-header fields that have come
	malformed bool  // RFC 9113 section 8.1.1
	size      int   // of the fields, with their cost
	most      int   // for size; more ends the connection
}

// The pseudo-header fields.
const (
	seenMethod = 1 << iota
	seenScheme
	seenAuthority
	seenPath
	seenProtocol
)

func (b *block) init() {
	b.dec = hpack.NewDecoder(tableSize, b.emit)
}

// begin begins a block, of which the HEADERS frame has come.
func (b *block) begin(f *http2.HeadersFrame, most int) {
	clear(b.fields)
	if cap(b.fields) > keptFields {
		b.fields = nil
	}
	*b = block{dec: b.dec, fields: b.fields[:0], id: f.StreamID, ends: f.StreamEnded(), most: most}
	// A stream that depends on itself, RFC 7540 section 5.3.1.
	b.malformed = f.HasPriority() && f.Priority.StreamDep == f.StreamID
	b.dec.SetMaxStringLength(most)
	b.dec.SetEmitEnabled(true)
}

// take takes a fragment of the block.
func (b *block) take(fragment []byte, last bool) error {
	if _, err := b.dec.Write(fragment); err != nil {
		return http2.ConnectionError(http2.ErrCodeCompression)
	}
	if b.size > b.most {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if last && b.dec.Close() != nil {
		return http2.ConnectionError(http2.ErrCodeCompression)
	}
	return nil
}

// emit takes a field.
func (b *block) emit(f hpack.HeaderField) {
	b.size += len(f.Name) + len(f.Value) + fieldCost
	if b.size > b.most {
		b.dec.SetEmitEnabled(false)
		return
	}
	switch {
	case !isValue(f.Value):
		b.malformed = true
	case !f.IsPseudo():
		b.malformed = b.malformed || !isName(f.Name)
		b.fields = append(b.fields, f)
	case len(b.fields) > 0:
		b.malformed = true
	default:
		b.pseudo(f)
	}
}

// pseudo takes a pseudo-header field. Each can come once.
func (b *block) pseudo(f hpack.HeaderField) {
	var to *string
	var bit uint8
	switch f.Name {
	case ":method":
		to, bit = &b.method, seenMethod
	case ":scheme":
		to, bit = &b.scheme, seenScheme
	case ":authority":
		to, bit = &b.authority, seenAuthority
	case ":path":
		to, bit = &b.path, seenPath
	case ":protocol":
		to, bit = &b.protocol, seenProtocol
	default:
		b.malformed = true
		return
	}
	b.malformed = b.malformed || b.seen&bit != 0
	b.seen |= bit
	*to = f.Value
}

// isName reports whether a name of a field can come in HTTP/2: a token without capital
// letters.
func isName(name string) bool {
	for i := range len(name) {
		if c := name[i]; head.NameClass[c] == 0 || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return name != ""
}

// isValue reports whether a value has no control bytes but tabs, and begins and ends with
// no space or tab (RFC 9113 section 8.2.1).
func isValue(value string) bool {
	if n := len(value); n > 0 && (isBlank(value[0]) || isBlank(value[n-1])) {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isConnect reports whether the head is that of an extended CONNECT (RFC 8441).
func (b *block) isConnect() bool { return b.protocol != "" }

// isHead reports whether the block can be the head of a request (RFC 9113 sections
// 8.3.1 and 8.5, RFC 8441 section 4).
func (b *block) isHead() bool {
	switch {
	case b.malformed || b.method == "" || strings.Contains(b.authority, "@"):
		return false
	case b.seen&seenProtocol != 0 && (b.method != "CONNECT" || b.protocol == ""):
		return false
	case b.method == "CONNECT" && b.seen&seenProtocol == 0:
		return b.seen&(seenScheme|seenPath) == 0 && b.authority != ""
	}
	return (b.scheme == "http" || b.scheme == "https") && isTarget(b.path)
}

// isTrailers reports whether the block can be trailers (RFC 9113 section 8.1).
func (b *block) isTrailers() bool { return !b.malformed && b.seen == 0 && b.ends }

// isTarget reports whether a :path looks like one, or like a target of HTTP/1.1, which
// is refused with an answer.
func isTarget(path string) bool {
	switch {
	case path == "":
		return false
	case path[0] != '/':
		return path == "*" || strings.Contains(path, "://")
	}
	path, _, _ = strings.Cut(path, "?")
	for {
		i := strings.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		path = path[i+1:]
		if len(path) < 2 || !isHex(path[0]) || !isHex(path[1]) {
			return false
		}
	}
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
