package worker

import (
	"sync"
	"time"

	"github.com/prometheus/procfs"
)

// meterAge is how long a Meter reuses a reading.
const meterAge = time.Second

// A Usage is the total use of a worker and the processes that it started.
type Usage struct {
	RSS int64   // bytes; memory that they share counts once for each
	CPU float64 // seconds of processor time since they started
}

// A Meter measures the use of workers. The zero Meter is ready to use; its
// methods are safe to call from any goroutine. It scans the machine's processes
// for all workers together, at most once a second.
type Meter struct {
	mu     sync.Mutex // guards all fields below
	read   time.Time
	groups map[int]Usage // by process group; replaced, never modified
}

// Usage returns the use of the worker with a pid and of its process group:
// every process that the worker started, unless the process has left the group.
// It is zero if the worker has exited or there is no /proc.
func (m *Meter) Usage(pid int) Usage {
	all, _ := m.All(meterAge)
	return all[pid]
}

// All returns the use of every process group by the pid of its leader, and when it was
// read, which is at most age ago. It is nil if there is no /proc. The caller must not
// change it.
func (m *Meter) All(age time.Duration) (map[int]Usage, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.read) >= age {
		m.groups, m.read = readGroups(), time.Now()
	}
	return m.groups, m.read
}

func readGroups() map[int]Usage {
	procs, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	groups := make(map[int]Usage)
	for _, proc := range procs {
		stat, err := proc.Stat()
		if err != nil {
			continue // it has exited
		}
		u := groups[stat.PGRP]
		u.RSS += int64(stat.ResidentMemory())
		u.CPU += stat.CPUTime()
		groups[stat.PGRP] = u
	}
	return groups
}
