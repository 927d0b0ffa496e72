package top

import (
	"math"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
)

// nan stands for a value that is not known.
var nan = float32(math.NaN())

// The characters of a sparkline, from 0 to its highest value.
var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	ascii  = []rune("_.-:=+*#")
)

// spark draws the newest values of a series in a width, up to the highest of them. A
// value that is not known is a blank.
func spark(s api.Series, width int, inASCII bool) string {
	if width <= 0 {
		return ""
	}
	levels := blocks
	if inASCII {
		levels = ascii
	}
	s = s[max(0, len(s)-width):]
	top := highest(s)
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", width-len(s)))
	for _, v := range s {
		switch {
		case v != v:
			b.WriteByte(' ')
		case v <= 0 || top <= 0:
			b.WriteRune(levels[0])
		default:
			b.WriteRune(levels[min(len(levels)-1, max(1, int(v/top*float32(len(levels)-1)+0.5)))])
		}
	}
	return b.String()
}

// highest returns the highest value that is known, or NaN.
func highest(s api.Series) float32 {
	top := nan
	for _, v := range s {
		if v == v && !(v <= top) {
			top = v
		}
	}
	return top
}
