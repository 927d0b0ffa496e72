package terminal

import "strconv"

// Number formats a number for people, or returns a dash if it is not known, which NaN
// stands for.
func Number(v float64) string {
	switch {
	case v != v:
		return "-"
	case v == 0 || v >= 10:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 0.1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// Latency formats a number of seconds, or returns a dash if it is not known, which NaN
// stands for.
func Latency(s float32) string {
	switch ms := float64(s) * 1000; {
	case s != s:
		return "-"
	case s >= 10:
		return Number(float64(s)) + "s"
	case s >= 1:
		return strconv.FormatFloat(float64(s), 'f', 2, 64) + "s"
	default:
		return Number(ms) + "ms"
	}
}
