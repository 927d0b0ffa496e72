//go:build !portable

package supervisor

import "github.com/prometheus/procfs"

// ownUsage returns the memory of this process, in bytes, and its processor time, in
// seconds.
func ownUsage() (rss int64, cpu float64) {
	self, err := procfs.Self()
	if err != nil {
		return 0, 0
	}
	stat, err := self.Stat()
	if err != nil {
		return 0, 0
	}
	return int64(stat.ResidentMemory()), stat.CPUTime()
}
