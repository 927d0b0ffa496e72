package worker

import (
	"bytes"
	"os"
	"strconv"
)

// oomKills returns how many processes the kernel has killed since it booted because
// memory ran out, or -1 if the system does not say.
func oomKills() int {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return -1
	}
	return countOOM(text)
}

// countOOM reads that number from the text of /proc/vmstat. The kernel counts
// before it kills, and counts what a memory cgroup kills, too.
func countOOM(vmstat []byte) int {
	for line := range bytes.Lines(vmstat) {
		if value, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			if n, err := strconv.Atoi(string(bytes.TrimSpace(value))); err == nil {
				return n
			}
		}
	}
	return -1
}
