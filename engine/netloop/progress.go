package netloop

import "time"

// The kernel reports a socket as writable once a good part of its buffer is
// free. With a buffer of some megabytes and a client on a bad line that takes
// minutes, in which the client makes progress all the time. So who is about to
// be given up is judged by what its side has acknowledged.

// lookAfter is the part of a wait that goes by before the queue is looked at
// for the first time: the waits that matter for speed are over before.
const lookAfter = 4

// awaitProgress waits, by try, until a peer takes more, or for wait in which
// it has taken less than MinRate. late says that a timeout was the task's
// own; unacked is how much the peer has not taken yet.
func awaitProgress(wait time.Duration, try func(time.Duration) error, late func() bool, unacked func() int64) error {
	first := wait / lookAfter
	for {
		if err := try(first); err != ErrTimeout || late() {
			return err
		}
		before := unacked()
		err := try(wait - first)
		if err != ErrTimeout || late() || before-unacked() < MinBytes(wait-first) {
			return err
		}
	}
}
