package plan

import (
	"strconv"
	"time"
)

// Seconds is a duration that prints as the configuration writes one: a plain
// number of seconds where that is exact and short, else a string such as
// "250ms" or "1m30s".
type Seconds time.Duration

func (s Seconds) String() string {
	d := time.Duration(s)
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	return strconv.Quote(d.String())
}
