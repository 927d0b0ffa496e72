package static

import (
	"net/http"

	"github.com/ldcorn/ldcorn/engine/head"
)

// An Answer says what is to be sent of a file.
type Answer struct {
	Status int   // 200, 206, 304, 412 or 416
	From   int64 // of the first byte to send
	Size   int64 // how many bytes to send, or, for a HEAD, would be sent; 0 unless Status is 200 or 206
}

// AnswerTo returns what a request, which must be a GET or a HEAD, is to get of a file.
func AnswerTo(r *head.Request, f *File) Answer {
	c := conditionsOf(r, f)
	if status := c.evaluate(f); status != http.StatusOK {
		return Answer{Status: status}
	}
	if c.wantsRange(f) && string(r.Method) == http.MethodGet { // RFC 9110 section 14.2
		switch part, satisfiable, ok := rangeOf(c.rangeSet.value, f.Size); {
		case !ok:
		case !satisfiable:
			return Answer{Status: http.StatusRequestedRangeNotSatisfiable}
		default:
			return Answer{Status: http.StatusPartialContent, From: part.from, Size: part.size}
		}
	}
	return Answer{Status: http.StatusOK, Size: f.Size}
}
