//go:build portable

package guard

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// ignores reports whether a process ignores a signal.
func ignores(pid int, sig syscall.Signal) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // empty if there is an error
	for line := range bytes.Lines(status) {
		if mask, ok := bytes.CutPrefix(line, []byte("SigIgn:")); ok {
			bits, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
			return err == nil && bits>>(uint(sig)-1)&1 == 1
		}
	}
	return false
}
