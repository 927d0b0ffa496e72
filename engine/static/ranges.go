package static

import (
	"bytes"
	"math"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A span is a part of a file.
type span struct{ from, size int64 }

// rangeOf reads the value of Range for a file of a size (RFC 9110 section 14.1.2).
// It returns ok = false for a value that is to be ignored, so that the client gets
// the whole file: one that is malformed, of another unit, or of several ranges.
// satisfiable is false if no byte of the file is in the range.
//
// Several ranges are an answer of their own kind, in many parts, which clients hardly
// ask for, and with which a short request can ask for a long one (CVE-2011-3192). A
// server may ignore them.
func rangeOf(value []byte, size int64) (s span, satisfiable, ok bool) {
	unit, set, found := bytes.Cut(value, equals)
	if !found || !head.EqualFold(head.Trim(unit), "bytes") || bytes.IndexByte(set, ',') >= 0 {
		return span{}, false, false
	}
	first, last, found := bytes.Cut(head.Trim(set), hyphen)
	if !found || len(first)+len(last) == 0 {
		return span{}, false, false
	}
	if len(first) == 0 {
		n, ok := number(last)
		n = min(n, size)
		return span{size - n, n}, n > 0, ok
	}
	from, ok := number(first)
	if !ok {
		return span{}, false, false
	}
	to := int64(math.MaxInt64)
	if len(last) > 0 {
		if to, ok = number(last); !ok || to < from {
			return span{}, false, false
		}
	}
	if from >= size {
		return span{}, false, true
	}
	return span{from, min(to, size-1) - from + 1}, true, true
}

var hyphen = []byte("-")

// number reads digits. A number that is too large counts as the largest one.
func number(digits []byte) (n int64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(digits) > 0
}
