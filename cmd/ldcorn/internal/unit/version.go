package unit

import (
	"regexp"
	"strconv"
)

var versionLine = regexp.MustCompile(`^systemd (\d+)`)

// ParseVersion returns the version in what systemctl --version prints, or 0.
func ParseVersion(said string) int {
	m := versionLine.FindStringSubmatch(said)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // digits; 0 if there are too many
	return n
}
