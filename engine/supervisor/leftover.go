package supervisor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// sweepLimit bounds the wait for killed leftovers to be gone.
const sweepLimit = 5 * time.Second

// sweep ends what a killed master has left: its workers are killed by the
// kernel as a rule, but not the processes that they started. Then it removes
// the dead sockets. The lock is held.
func (r *Runtime) sweep() {
	paths, _ := filepath.Glob(filepath.Join(r.dir, "*.json")) // the pattern is good
	var killed []int
	for _, path := range paths {
		var rec record
		data, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(data, &rec) != nil || rec.PID <= 1 {
			continue // cut off by the death of its writer
		}
		killed = append(killed, r.killLeftover(rec)...)
	}
	awaitGone(killed)
	r.unlinkAll()
}

// awaitGone looks again and again: they are no children of ours, so nothing
// tells when they have ended.
func awaitGone(pids []int) {
	limit := time.After(sweepLimit)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for anyAlive(pids) {
		select {
		case <-again.C:
		case <-limit:
			return
		}
	}
}

// killLeftover kills a recorded worker and its group, and returns the pids.
// A process is killed only if it is proven to be the recorded one: by its
// start time, or as a member of the dead worker's group with its environment.
func (r *Runtime) killLeftover(rec record) []int {
	var pids []int
	st, err := readStat(rec.PID)
	switch {
	case err == nil && st.start != rec.Start:
		return nil // the pid belongs to somebody else now
	case err == nil && st.state != zombie:
		_ = unix.Kill(-rec.PID, unix.SIGKILL)
		pids = append(pids, rec.PID)
	default:
		for _, pid := range groupMembers(rec) {
			if unix.Kill(pid, unix.SIGKILL) == nil {
				pids = append(pids, pid)
			}
		}
	}
	for _, pid := range pids {
		r.log.Warn("leftover killed", "pool", rec.Pool, "worker", rec.Worker, "pid", pid)
	}
	return pids
}

// groupMembers finds the processes of a dead worker's group.
func groupMembers(rec record) []int {
	entries, _ := os.ReadDir("/proc") // none if there is no /proc
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if st, err := readStat(pid); err == nil && st.group == rec.PID && st.state != zombie && hasEnv(pid, rec) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func hasEnv(pid int, rec record) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	vars := bytes.Split(env, []byte{0})
	return contains(vars, worker.EnvGroup+"="+rec.Pool) && contains(vars, worker.EnvWorker+"="+strconv.Itoa(rec.Worker))
}

func contains(vars [][]byte, want string) bool {
	for _, v := range vars {
		if string(v) == want {
			return true
		}
	}
	return false
}

func anyAlive(pids []int) bool {
	for _, pid := range pids {
		if st, err := readStat(pid); err == nil && st.state != zombie {
			return true
		}
	}
	return false
}

// zombie is the state of a process that has ended and is not reaped yet.
const zombie = 'Z'

// A stat is what we need of /proc/PID/stat.
type stat struct {
	state byte
	group int
	start uint64 // clock ticks since boot
}

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The second field is the name, in parentheses, and may hold anything.
	_, rest, _ := strings.Cut(string(data[max(0, bytes.LastIndexByte(data, ')')):]), " ")
	fields := strings.Fields(rest) // from the third field on
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat: got %d fields", pid, len(fields))
	}
	group, err1 := strconv.Atoi(fields[2])
	start, err2 := strconv.ParseUint(fields[19], 10, 64)
	return stat{state: fields[0][0], group: group, start: start}, errors.Join(err1, err2)
}
