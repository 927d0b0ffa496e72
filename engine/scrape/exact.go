package scrape

import "math"

// An exact is a sum without rounding errors: floats that do not overlap, the smallest
// first, as math.fsum of Python has them. A counter that falls by its last bit would
// look to Prometheus as if it had begun anew.
type exact []float64

// add adds a value.
func (e *exact) add(x float64) {
	if len(*e) == 1 && !finite((*e)[0]) {
		return
	}
	n := 0
	for _, y := range *e {
		if math.Abs(x) < math.Abs(y) {
			x, y = y, x
		}
		high := x + y
		if low := y - (high - x); low != 0 {
			(*e)[n] = low
			n++
		}
		x = high
	}
	if !finite(x) { // a value was, or the sum is too large
		n = 0
	}
	*e = append((*e)[:n], x)
}

// value returns the float that is nearest to the sum.
func (e exact) value() float64 {
	n := len(e)
	if n == 0 {
		return 0
	}
	n--
	high, low := e[n], 0.0
	for n > 0 && low == 0 {
		n--
		x, y := high, e[n]
		high = x + y
		low = y - (high - x)
	}
	if n > 0 && (low < 0 && e[n-1] < 0 || low > 0 && e[n-1] > 0) { // half way, and what is left decides
		if y := low * 2; high+y-high == y {
			high += y
		}
	}
	return high
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
