//go:build portable

package worker

import "golang.org/x/sys/unix"

// awaitExit waits until a child has exited.
func awaitExit(pid int) error {
	return unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
}
