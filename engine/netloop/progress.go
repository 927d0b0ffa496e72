package netloop

import "time"

// The kernel reports a socket as writable once a good part of its buffer is
// free. With a buffer of a few megabytes and a client on a bad line, that takes
// minutes, although the client makes progress all the time. So before giving up
// on a peer, we check what its side has acknowledged.

// lookAfter sets when the queue is first checked: after 1/lookAfter of the
// wait. The waits that matter for speed are over by then.
const lookAfter = 4

// awaitProgress calls try to wait until a peer takes more, or until it has
// taken less than MinRate during wait. late reports whether the task's own
// deadline caused a timeout. unacked returns how much the peer has not taken
// yet.
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
