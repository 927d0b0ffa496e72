//go:build !linux || portable

package worker

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// psLimit bounds the time of ps.
const psLimit = 10 * time.Second

// readGroups asks ps (POSIX), which may read what the kernel of macOS tells only
// programs of the system. It returns nil if there is none.
func readGroups() map[int]Usage {
	ctx, cancel := context.WithTimeout(context.Background(), psLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-A", "-o", "pgid=,rss=,time=").Output()
	if err != nil {
		return nil
	}
	return sumGroups(out)
}

// sumGroups adds up the lines of ps: a process group, KiB, and a processor time.
func sumGroups(lines []byte) map[int]Usage {
	groups := make(map[int]Usage)
	for line := range bytes.Lines(lines) {
		words := strings.Fields(string(line))
		if len(words) != 3 {
			continue
		}
		group, err1 := strconv.Atoi(words[0])
		rss, err2 := strconv.ParseInt(words[1], 10, 64)
		cpu, ok := parseCPU(words[2])
		if err1 != nil || err2 != nil || !ok {
			continue
		}
		u := groups[group]
		u.RSS += rss << 10
		u.CPU += cpu
		groups[group] = u
	}
	return groups
}

// parseCPU returns the seconds of a time such as 1:02.34, 1:00:02 or 3-01:00:02.
func parseCPU(text string) (seconds float64, ok bool) {
	days, rest, found := strings.Cut(text, "-")
	if !found {
		days, rest = "0", text
	}
	seconds, err := strconv.ParseFloat(days, 64)
	if err != nil {
		return 0, false
	}
	parts := strings.Split(rest, ":")
	seconds *= 24 * 3600
	unit := 1.0
	for i := len(parts) - 1; i >= 0; i-- {
		n, err := strconv.ParseFloat(parts[i], 64)
		if err != nil {
			return 0, false
		}
		seconds += n * unit
		unit *= 60
	}
	return seconds, true
}
