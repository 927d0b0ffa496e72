package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// A Surge bounds how many replacements a reload starts before as many of the
// workers that they replace have exited. It is a number of workers, or a
// percentage of the workers that the configuration wants. The zero Surge means
// no bound. Additional workers of the new configuration do not count.
type Surge struct {
	Workers int
	Percent int
}

// ParseSurge parses a percentage such as "25%".
func ParseSurge(s string) (Surge, error) {
	number, found := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 1 || n > 100 {
		return Surge{}, fmt.Errorf("is not a percentage from 1%% to 100%%: %q", s)
	}
	return Surge{Percent: n}, nil
}

// String returns the surge as the configuration writes it.
func (s Surge) String() string {
	switch {
	case s.Percent > 0:
		return strconv.Quote(strconv.Itoa(s.Percent) + "%")
	case s.Workers > 0:
		return strconv.Itoa(s.Workers)
	}
	return "None"
}

// limit returns the bound, at least 1, for a number of wanted workers; 0 means
// no bound.
func (s Surge) limit(wanted int) int {
	if s.Percent > 0 {
		return max((wanted*s.Percent+99)/100, 1)
	}
	return s.Workers
}

// AtOnce returns how many of the workers that the changes replace are replaced
// at a time with a surge of s, and whether that is all of them: then they are
// exchanged in one step.
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

// Replaced returns how many workers of the group get a replacement.
func (c *Change) Replaced() int {
	if c.Action != Replace {
		return 0
	}
	return min(c.Old.Instances, c.New.Instances)
}

// Added returns how many more workers the group has than before.
func (c *Change) Added() int {
	switch {
	case c.New == nil:
		return 0
	case c.Old == nil:
		return c.New.Instances
	}
	return max(c.New.Instances-c.Old.Instances, 0)
}
