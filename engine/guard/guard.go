//go:build !linux || portable

package guard

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// restartPause is how long a guard should have lived before another one takes its
// place at once.
const restartPause = time.Second

// A keeper keeps a guard running for this process.
type keeper struct {
	mu      sync.Mutex     // guards the rest, and the order of what the guard reads
	members map[int]uint64 // start times of the leaders of groups, by pid; 0 = unknown
	leash   *os.File       // the end of the pipe to write to; nil = there is no guard
}

// own is the keeper of this process, which has one guard, as it has one parent.
var own = keeper{members: make(map[int]uint64)}

// Open starts the guard unless it runs. Start calls it; call it before that where
// the children of this process are counted.
func Open() error {
	own.mu.Lock()
	defer own.mu.Unlock()
	return own.open()
}

// open starts a guard, if there is none, and tells it of all members. The caller
// holds mu.
func (k *keeper) open() error {
	if k.leash != nil {
		return nil
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	path, err := self()
	if err != nil {
		ours.Close()
		return err
	}
	cmd := &exec.Cmd{Path: path, Args: []string{"ldcorn-guard"}, Dir: "/", Env: []string{guardVariable + "=1"},
		ExtraFiles: []*os.File{theirs}, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return fmt.Errorf("start the guard of the workers: %w", err)
	}
	k.leash = ours
	go k.restart(cmd, ours) // until the guard or this process ends
	for pid, start := range maps.All(k.members) {
		k.add(pid, start)
	}
	return nil
}

// restart waits until a guard has ended, as it does only if somebody kills it, and
// starts another one.
func (k *keeper) restart(cmd *exec.Cmd, leash *os.File) {
	born := time.Now()
	_ = cmd.Wait()
	time.Sleep(time.Until(born.Add(restartPause)))
	k.mu.Lock()
	defer k.mu.Unlock()
	leash.Close()
	k.leash = nil
	if len(k.members) > 0 {
		_ = k.open() // if it fails, the next Start tries again, and says so
	}
}

// add tells the guard of a group. If the guard has just been killed, restart tells
// the next one. The caller holds mu.
func (k *keeper) add(pid int, start uint64) {
	_, _ = k.leash.WriteString("+" + strconv.Itoa(pid) + " " + strconv.FormatUint(start, 10) + "\n")
}

// enter makes a process that has just been started a member.
func (k *keeper) enter(pid int) error {
	p, _ := proc.Read(pid) // the zero value if the system does not tell
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.open(); err != nil {
		return err
	}
	k.members[pid] = p.Start
	k.add(pid, p.Start)
	return nil
}

// Release tells the guard that a process which Start has started, and its group,
// need no guarding any more. Call it when the group is gone, and before another
// process can have its id.
func Release(pid int) {
	own.mu.Lock()
	defer own.mu.Unlock()
	if _, ok := own.members[pid]; !ok {
		return
	}
	delete(own.members, pid)
	if own.leash != nil {
		_, _ = own.leash.WriteString("-" + strconv.Itoa(pid) + "\n")
	}
}

// self returns a path that starts this program again.
func self() (string, error) {
	const running = "/proc/self/exe" // of Linux, even if its file has been replaced
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}
