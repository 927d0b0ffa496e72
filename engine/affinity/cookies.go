package affinity

import (
	"bytes"
	"iter"

	"github.com/ldcorn/ldcorn/engine/head"
)

// MaxTried is how many values a request, or an answer, can give in place of one.
// Others are not looked at.
const MaxTried = 8

// Cookies returns the values of a request's cookies with a name, in order.
func Cookies(fields []head.Field, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range fields {
			f := &fields[i]
			if f.Kind != head.KindCookie || f.Drop {
				continue
			}
			for rest := f.Value; len(rest) > 0; {
				var pair []byte
				pair, rest, _ = bytes.Cut(rest, semicolon)
				if value, ok := valueOf(pair, name); ok && !yield(value) {
					return
				}
			}
		}
	}
}

// SetCookies returns the values that an answer sets a cookie to, in order.
func SetCookies(fields []head.Field, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range fields {
			f := &fields[i]
			if f.Kind != head.KindSetCookie || f.Drop {
				continue
			}
			pair, _, _ := bytes.Cut(f.Value, semicolon)
			if value, ok := valueOf(pair, name); ok && !yield(value) {
				return
			}
		}
	}
}

// valueOf returns the value of a cookie pair that has a name.
func valueOf(pair []byte, name string) ([]byte, bool) {
	pair = bytes.TrimSpace(pair)
	if len(pair) > len(name) && pair[len(name)] == '=' && string(pair[:len(name)]) == name {
		return pair[len(name)+1:], true
	}
	return nil, false
}

var semicolon = []byte(";")
