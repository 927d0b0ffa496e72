package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Catches reports whether the process has a handler for a signal. It returns
// false if that is unknown.
func (p *Process) Catches(sig unix.Signal) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	return err == nil && catches(status, sig)
}

// catches looks at the text of /proc/PID/status.
func catches(status []byte, sig unix.Signal) bool {
	for line := range bytes.Lines(status) {
		if mask, ok := bytes.CutPrefix(line, []byte("SigCgt:")); ok {
			bits, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
			return err == nil && sig > 0 && bits>>(uint(sig)-1)&1 == 1
		}
	}
	return false
}

// Program returns the first word of the command line of the process, or "" if it
// is unknown.
func (p *Process) Program() string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID)) // empty if there is an error
	program, _, _ := bytes.Cut(line, []byte{0})
	return string(program)
}
