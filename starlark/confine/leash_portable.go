//go:build !linux || portable

package confine

import (
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// leashFD is the descriptor of the leash in a confined process.
const leashFD = 5

// A leash ends a confined process with its parent: it is a pipe to which only the
// parent could write, and which therefore ends with it.
type leash struct{ ours, theirs *os.File }

// tie ties a command that has not been started to this process. The descriptors
// before that of the leash are in its ExtraFiles already.
func tie(cmd *exec.Cmd) (l leash, err error) {
	if l.theirs, l.ours, err = os.Pipe(); err != nil {
		return leash{}, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, l.theirs)
	return l, nil
}

// started closes what belongs to the child now.
func (l leash) started() { l.theirs.Close() }

func (l leash) end() { l.ours.Close() }

// leashed is the other end of a leash.
type leashed struct {
	last atomic.Int32 // the signal that ends the process; 0 = SIGKILL
}

// followParent ends the process when its parent has ended.
func (l *leashed) followParent() {
	if !isPipe(leashFD) {
		return
	}
	syscall.CloseOnExec(leashFD)
	pipe := os.NewFile(leashFD, "leash")
	go func() { // runs until the process ends
		_, _ = pipe.Read(make([]byte, 1)) // nothing is ever written
		sig := unix.Signal(l.last.Load())
		if sig == 0 {
			sig = unix.SIGKILL
		}
		_ = unix.Kill(os.Getpid(), sig)
	}()
}

// onParentEnd sets the signal that the process gets when its parent ends.
func (l *leashed) onParentEnd(s unix.Signal) { l.last.Store(int32(s)) }
