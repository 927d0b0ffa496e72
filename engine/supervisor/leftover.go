package supervisor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// sweepLimit bounds the wait for killed leftovers to disappear.
const sweepLimit = 5 * time.Second

// sweep kills what a killed master left behind: as a rule the kernel has killed
// the workers, but not the processes that they started. Then sweep removes the
// dead sockets. The caller must hold the locks. If a recorded master is alive,
// sweep kills nothing and returns a RunningError.
func (r *Runtime) sweep() error {
	var found []record
	dirs := r.sweptDirs()
	for _, dir := range dirs {
		found = append(found, readRecords(dir)...)
	}
	for i := range found {
		if m := found[i].Master; m.PID > 0 && proc.Lives(m.PID, m.Start) {
			return &RunningError{Config: r.config, PID: m.PID}
		}
	}
	kills := newKills(r)
	for i := range found {
		kills.recorded(&found[i])
	}
	kills.marked()
	for _, dir := range dirs {
		unlinkAll(dir)
		closeDoors(dir)
		if dir != r.dir.Name() {
			_ = os.Remove(dir)
		}
	}
	return nil
}

// sweptDirs returns our directory and those of killed masters that held our
// locks.
func (r *Runtime) sweptDirs() []string {
	dirs := []string{r.dir.Name()}
	for _, l := range r.locks {
		if dir := l.left.dir; dir != "" && !slices.Contains(dirs, dir) && ownedBy(dir, os.Geteuid()) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// readRecords reads the records that a killed master left in a directory.
func readRecords(dir string) []record {
	var found []record
	paths, _ := filepath.Glob(filepath.Join(dir, "*.json")) // the pattern is good
	for _, path := range paths {
		var rec record
		data, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(data, &rec) != nil || rec.PID <= 1 {
			continue // truncated because its writer was killed
		}
		found = append(found, rec)
	}
	return found
}

// A kills kills leftovers and waits until they are gone.
type kills struct {
	runtime *Runtime
	spared  map[int]bool // pids of this process and its ancestors
}

func newKills(r *Runtime) *kills {
	return &kills{runtime: r, spared: proc.Above(proc.All(), os.Getpid())}
}

// recorded kills a recorded worker and its process group. It kills a process
// only if that is proven to be the recorded one: by its start time, or because
// it belongs to the dead worker's process group and has its environment.
func (k *kills) recorded(rec *record) {
	var killed []proc.Process
	p, err := proc.Read(rec.PID)
	switch {
	case err == nil && p.Start != rec.Start:
		return // the pid belongs to somebody else now
	case err == nil && !p.Ended() && !k.spared[rec.PID]:
		_ = unix.Kill(-rec.PID, unix.SIGKILL) // the leader is alive, so the process group is its own
		killed = append(killed, p)
		k.tell(&p, rec.Group, strconv.Itoa(rec.Worker))
	default:
		for _, p := range groupMembers(rec) {
			killed = k.kill(killed, &p, rec.Group, strconv.Itoa(rec.Worker))
		}
	}
	proc.AwaitEnd(killed, sweepLimit)
}

// marked kills every process that carries the marker of a killed master of the
// configuration, even if it has a session of its own or lost its parent. The
// next pass finds the processes that start in the meantime.
func (k *kills) marked() {
	limit := time.Now().Add(sweepLimit)
	for time.Now().Before(limit) {
		var killed []proc.Process
		for _, l := range k.leftovers() {
			if l.byHand {
				k.spare(&l.Process, l.group, l.index)
			} else {
				killed = k.kill(killed, &l.Process, l.group, l.index)
			}
		}
		if len(killed) == 0 {
			return
		}
		proc.AwaitEnd(killed, sweepLimit)
	}
}

// A leftover is a process that carries the marker of a master that has exited.
type leftover struct {
	proc.Process
	group, index string // of the worker that it came from
	byHand       bool   // somebody started it at a terminal
}

// leftovers finds all leftovers before any is killed: once a process is killed,
// its children can no longer be traced to it.
func (k *kills) leftovers() (found []leftover) {
	all := proc.All()
	uid := os.Geteuid()
	if uid == 0 {
		uid = -1 // the workers of root can have users of their own
	}
	for _, m := range findMarked(all, &k.runtime.id, uid) {
		if m.owned {
			continue
		}
		l := leftover{Process: m.Process, byHand: byHand(all, &m.Process)}
		l.group, _ = m.Env(worker.EnvGroup)
		l.index, _ = m.Env(worker.EnvWorker)
		found = append(found, l)
	}
	return found
}

// kill kills a process and appends it to killed, unless the process is spared
// or gone.
func (k *kills) kill(killed []proc.Process, p *proc.Process, group, index string) []proc.Process {
	if k.spared[p.PID] || p.Signal(unix.SIGKILL) != nil {
		return killed
	}
	k.tell(p, group, index)
	return append(killed, *p)
}

// spare leaves a process alone and logs that once.
func (k *kills) spare(p *proc.Process, group, index string) {
	if !k.spared[p.PID] {
		k.spared[p.PID] = true
		k.runtime.log.Info("leftover spared", "group", group, "worker", index, "pid", p.PID, "reason", "it was started at a terminal")
	}
}

func (k *kills) tell(p *proc.Process, group, index string) {
	k.runtime.log.Warn("leftover killed", "group", group, "worker", index, "pid", p.PID)
}

// byHand reports whether somebody started the process, or one of its ancestors,
// in a shell at a terminal, with the environment of a worker: the parent has
// the same terminal and no marker.
func byHand(all []proc.Process, p *proc.Process) bool {
	for pid := range proc.Above(all, p.PID) {
		child, err := proc.Read(pid)
		if err != nil || child.TTY == 0 {
			continue
		}
		parent, err := proc.Read(child.Parent)
		if err != nil || parent.TTY != child.TTY || parent.Ending() {
			continue
		}
		_, marked := parent.Env(worker.EnvMaster)
		if _, itself := child.Env(worker.EnvMaster); itself && !marked {
			return true
		}
	}
	return false
}

// groupMembers finds the processes in a dead worker's process group.
func groupMembers(rec *record) []proc.Process {
	return slices.DeleteFunc(proc.All(), func(p proc.Process) bool {
		if p.Group != rec.PID {
			return true
		}
		group, _ := p.Env(worker.EnvGroup)
		index, _ := p.Env(worker.EnvWorker)
		return group != rec.Group || index != strconv.Itoa(rec.Worker)
	})
}
