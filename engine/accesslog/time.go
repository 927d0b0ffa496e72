package accesslog

import (
	"sync/atomic"
	"time"
)

// appendTime appends a time as RFC 3339 has it, with milliseconds.
func appendTime(b []byte, t time.Time) []byte {
	s := latest.Load()
	if s == nil || s.unix != t.Unix() || s.zone != t.Location() {
		s = newSecond(t)
		latest.Store(s)
	}
	ms := t.Nanosecond() / 1e6
	b = append(append(b, s.date...), '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	return append(b, s.offset...)
}

// A second has what the times in a second have in common. It never changes.
type second struct {
	unix         int64
	zone         *time.Location
	date, offset string // before and after the fraction
}

func newSecond(t time.Time) *second {
	return &second{t.Unix(), t.Location(), t.Format("2006-01-02T15:04:05"), t.Format("Z07:00")}
}

// latest is the second of the latest line, in which the next one most likely is.
var latest atomic.Pointer[second]
