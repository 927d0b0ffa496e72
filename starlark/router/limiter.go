package router

import (
	"sync"
	"time"

	"go.starlark.net/syntax"
)

// quiet is how long a position is silent after a log line.
const quiet = 10 * time.Second

// A limiter lets one event pass per position and period. The zero value is
// ready for use, by any goroutine.
type limiter struct {
	mu   sync.Mutex // guards seen
	seen map[place]*silence
}

// A place is a position in the configuration's files, so their number is
// limited by the size of the code.
type place struct {
	file      string
	line, col int32
}

func placeOf(pos syntax.Position) place {
	if !pos.IsValid() {
		return place{}
	}
	return place{pos.Filename(), pos.Line, pos.Col}
}

type silence struct {
	until      time.Time
	suppressed int
}

// allow reports whether the next event at a position can pass, and how many
// were suppressed since the last one that passed.
func (l *limiter) allow(p place, now time.Time) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seen[p]
	switch {
	case s == nil:
		if l.seen == nil {
			l.seen = make(map[place]*silence)
		}
		s = new(silence)
		l.seen[p] = s
	case now.Before(s.until):
		s.suppressed++
		return 0, false
	}
	suppressed = s.suppressed
	*s = silence{until: now.Add(quiet)}
	return suppressed, true
}
