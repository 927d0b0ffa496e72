package plan

import "strconv"

// StripPrefix is the prefix that a group strips, as written.
type StripPrefix string

func (p StripPrefix) String() string {
	if p == "" {
		return "None"
	}
	return strconv.Quote(string(p))
}
