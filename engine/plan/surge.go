package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// A Surge bounds how many replacements a reload starts before as many of the
// workers that they replace have ended: a number of workers, or a percentage
// of those that the configuration wants. The zero Surge is no bound. Workers
// that a configuration has more than the one before are not counted.
type Surge struct {
	Workers int
	Percent int
}

// ParseSurge reads a percentage such as "25%".
func ParseSurge(s string) (Surge, error) {
	number, found := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 1 || n > 100 {
		return Surge{}, fmt.Errorf("is no percentage from 1%% to 100%%: %q", s)
	}
	return Surge{Percent: n}, nil
}

// String writes the surge as the configuration does.
func (s Surge) String() string {
	switch {
	case s.Percent > 0:
		return strconv.Quote(strconv.Itoa(s.Percent) + "%")
	case s.Workers > 0:
		return strconv.Itoa(s.Workers)
	}
	return "None"
}

// limit is the bound where so many workers are wanted: at least 1; 0 = none.
func (s Surge) limit(wanted int) int {
	if s.Percent > 0 {
		return max((wanted*s.Percent+99)/100, 1)
	}
	return s.Workers
}

// AtOnce is how many of the workers that the changes replace are replaced at
// a time under a surge, and whether these are all: then they are exchanged in
// one step.
func (c *Changes) AtOnce(s Surge) (n int, all bool) {
	replaced, wanted := 0, 0
	for i := range c.Groups {
		replaced += c.Groups[i].Replaced()
		if c.Groups[i].New != nil {
			wanted += c.Groups[i].New.Instances
		}
	}
	if limit := s.limit(wanted); limit > 0 && limit < replaced {
		return limit, false
	}
	return replaced, true
}

// Replaced is how many workers of the group get a replacement.
func (c *Change) Replaced() int {
	if c.Action != Replace {
		return 0
	}
	return min(c.Old.Instances, c.New.Instances)
}

// Added is how many workers the group has more than before.
func (c *Change) Added() int {
	switch {
	case c.New == nil:
		return 0
	case c.Old == nil:
		return c.New.Instances
	}
	return max(c.New.Instances-c.Old.Instances, 0)
}
