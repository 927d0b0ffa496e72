package plan

import (
	"strconv"
	"time"
)

// Seconds is a duration that prints as the configuration writes it: a whole
// number of seconds as a plain number, anything else as a string such as
// "250ms" or "1m0.5s".
type Seconds time.Duration

func (s Seconds) String() string {
	d := time.Duration(s)
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	return strconv.Quote(d.String())
}
