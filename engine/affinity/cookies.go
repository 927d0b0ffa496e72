package affinity

import (
	"iter"

	"github.com/ldcorn/ldcorn/engine/head"
)

// MaxTried is how many values a request, or an answer, can give in place of one.
// Others are not looked at.
const MaxTried = 8

// Cookies returns the values of a request's cookies with a name, in order,
// without quotes.
func Cookies(fields []head.Field, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range fields {
			f := &fields[i]
			if f.Kind != head.KindCookie || f.Drop {
				continue
			}
			for rest := f.Value; len(rest) > 0; {
				var own, value []byte
				if own, value, rest = head.NextCookie(rest); string(own) == name && !yield(head.CookieValue(value, new([]byte))) {
					return
				}
			}
		}
	}
}

// SetCookies returns the values that an answer sets a cookie to, in order,
// without quotes.
func SetCookies(fields []head.Field, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range fields {
			f := &fields[i]
			if f.Kind != head.KindSetCookie || f.Drop {
				continue
			}
			if own, value, _ := head.NextCookie(f.Value); string(own) == name && !yield(head.CookieValue(value, new([]byte))) {
				return
			}
		}
	}
}
