package judge

import (
	"slices"
	"time"
)

// A window is a time in which the memory of a worker can be seen to grow.
type window struct {
	points int
	step   time.Duration
	part   float32 // of what it was at first, by which it must have grown at least
}

// The windows, of seconds and of longStep. They are read-only.
var (
	shortWindows = []window{{8, time.Second, 0.2}, {30, time.Second, 0.15}, {60, time.Second, 0.1}}
	longWindows  = []window{{30, longStep, 0.1}, {90, longStep, 0.1}}
)

const (
	keptLong      = 90              // of longStep
	leastGrowth   = 16 << 20        // bytes, in a window
	leastMeasured = 5               // different values, in a window
	leastHigher   = 64 << 10        // bytes, by which a value is a new highest one
	warmUp        = 8 * time.Second // of a process that is ready, in which growth means nothing
)

// A memory is that of one process, since it was ready and alone in its seat: the history
// counts the processes of a seat together.
type memory struct {
	from   time.Time // since when it counts; zero while it does not
	rss    []float32 // of each second, the newest last
	served []float32 // requests of the same seconds
	long   []float32 // of each longStep
	left   int       // seconds until the next of these
	high   float32   // the highest one
	highAt time.Time // when it was that
}

// A growth is how the memory of a worker has grown.
type growth struct {
	from, to float32 // bytes
	over     time.Duration
	begun    time.Time // its first second
}

// perSecond returns bytes per second.
func (g growth) perSecond() float32 { return (g.to - g.from) / float32(g.over.Seconds()) }

// begin has the memory counted from a time on, or not at all if it is zero.
func (m *memory) begin(from time.Time) {
	if !m.from.Equal(from) {
		*m = memory{from: from}
	}
}

// add takes in a second.
func (m *memory) add(end time.Time, rss, served float32) {
	if m.from.IsZero() || end.Sub(m.from) < warmUp {
		return
	}
	if rss != rss { // it was not measured
		if len(m.rss) == 0 {
			return
		}
		rss = m.rss[len(m.rss)-1]
	}
	m.rss, m.served = push(m.rss, rss), push(m.served, served)
	if rss > m.high+leastHigher {
		m.high, m.highAt = rss, end
	}
	if m.left--; m.left <= 0 {
		m.left = int(longStep / time.Second)
		m.long = append(m.long[max(0, len(m.long)-keptLong+1):], rss)
	}
}

// grows returns how a worker grows, in the shortest window in which it does steadily.
func (m *memory) grows(now time.Time) (growth, bool) {
	for _, of := range []struct {
		series  []float32
		windows []window
	}{{m.rss, shortWindows}, {m.long, longWindows}} {
		for _, w := range of.windows {
			if len(of.series) < w.points {
				continue
			}
			last := of.series[len(of.series)-w.points:]
			if !isSteady(last, w.part) || !goesOn(last) {
				continue
			}
			n := len(last) - 1
			return growth{last[0], last[n], time.Duration(n) * w.step, now.Add(-time.Duration(n-firstHigher(last)) * w.step)}, true
		}
	}
	return growth{}, false
}

// goesOn reports whether a series still grows in its last quarter. With many processes,
// not each second has a measurement of its own.
func goesOn(s []float32) bool {
	const least = 3
	n := len(s) - 1
	return s[n] > s[n-max(least, len(s)/4)]
}

// firstHigher returns the last index at which a series has not grown yet.
func firstHigher(s []float32) int {
	little := (s[len(s)-1] - s[0]) / 20
	first := slices.IndexFunc(s, func(v float32) bool { return v > s[0]+little })
	return max(first-1, 0)
}

// isSteady reports whether a series grows in each of its quarters, and not in one jump.
// With many processes, not each second has a measurement of its own.
func isSteady(s []float32, part float32) bool {
	if s = slices.Compact(slices.Clone(s)); len(s) < leastMeasured {
		return false
	}
	first, all := s[0], s[len(s)-1]-s[0]
	if !(all >= leastGrowth && all >= part*first) { // or one is not known
		return false
	}
	for i := range 4 {
		a, b := s[i*(len(s)-1)/4], s[(i+1)*(len(s)-1)/4]
		if !(b-a >= all/20) {
			return false
		}
	}
	return true
}

// servedWhileGrowing returns the requests of the last minute, and the growth.
func (m *memory) servedWhileGrowing() (served, grown float32) {
	for _, v := range m.served {
		served += max(v, 0)
	}
	if n := len(m.rss); n > 0 {
		grown = m.rss[n-1] - m.rss[0]
	}
	return served, grown
}
