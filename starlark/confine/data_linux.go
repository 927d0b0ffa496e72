package confine

import "github.com/prometheus/procfs"

// dataSize returns the size of the process's data in bytes, as RLIMIT_DATA
// counts it.
func dataSize() (uint64, error) {
	self, err := procfs.Self()
	if err != nil {
		return 0, err
	}
	status, err := self.NewStatus()
	return status.VmData, err
}
