package proc

import "time"

// lookAgain is the polling interval for processes for which the kernel has no
// descriptors.
const lookAgain = 5 * time.Millisecond

// AwaitEnd waits until processes, which need not be our children, have exited,
// or a limit has passed. It reports whether all have exited.
func AwaitEnd(all []Process, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for i := range all {
		if !all[i].awaitEnd(deadline) {
			return false
		}
	}
	return true
}
