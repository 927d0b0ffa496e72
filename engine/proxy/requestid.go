package proxy

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/head"
)

const (
	idLen    = 16  // hex digits of an id that ldcorn makes
	maxIDLen = 128 // of a client's id that is kept
)

// An idSource makes request ids. They are unique in this process and, thanks to 64
// random bits, almost certainly among processes.
type idSource struct {
	seed uint64
	n    *atomic.Uint64
}

func newIDSource() idSource { return idSource{seed: rand.Uint64(), n: new(atomic.Uint64)} }

// next mixes a counter with splitmix64, which is a bijection, so no two are equal.
func (s idSource) next() [idLen]byte {
	z := s.seed + s.n.Add(1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	var id [idLen]byte
	for i := range id {
		id[i] = "0123456789abcdef"[z>>60]
		z <<= 4
	}
	return id
}

// setID keeps the client's X-Request-ID if there is exactly one and it is well-formed.
// Otherwise it makes an id.
func (r *Request) setID() {
	r.idBuf = r.p.ids.next()
	r.id = r.idBuf[:]
	if !r.head.Seen().Has(head.KindXRequestID) {
		return
	}
	found := 0
	for i := range r.head.Fields {
		f := &r.head.Fields[i]
		if f.Kind != head.KindXRequestID {
			continue
		}
		if found++; found > 1 || f.Drop || !wellFormedID(f.Value) {
			r.id = r.idBuf[:]
			return
		}
		r.id = f.Value
	}
}

// wellFormedID reports whether an id contains only characters of UUIDs, ULIDs and the
// like, which need no quoting in a log.
func wellFormedID(id []byte) bool {
	if len(id) == 0 || len(id) > maxIDLen {
		return false
	}
	for _, c := range id {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '-', c == '_', c == '.', c == ':', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return true
}
