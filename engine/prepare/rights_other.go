//go:build !linux

package prepare

import (
	"os"

	"golang.org/x/sys/unix"
)

// lackedRights returns what this process lacks to start processes of another user.
func lackedRights() []string {
	if os.Geteuid() == 0 {
		return nil
	}
	return []string{"root"}
}

func mayRaiseLimits() bool { return os.Geteuid() == 0 }

// leastNice returns the least nice value that this process can give.
func leastNice() int {
	if os.Geteuid() == 0 {
		return -20
	}
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return n
}

// mostFiles says that the system has no such bound.
func mostFiles() (uint64, bool) { return 0, false }
