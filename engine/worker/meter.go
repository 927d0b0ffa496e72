package worker

import (
	"sync"
	"time"

	"github.com/prometheus/procfs"
)

// meterAge is how old a reading may be that a Meter gives again.
const meterAge = time.Second

// A Usage is what a worker and the processes it has started use together.
type Usage struct {
	RSS int64   // bytes; memory that they share counts for each
	CPU float64 // seconds of processor time since their start
}

// A Meter reads what workers use. The zero Meter is ready for use; its
// methods are safe from any goroutine. All workers share one look through the
// processes of the machine, and it takes place at most once a second.
type Meter struct {
	mu     sync.Mutex // guards all below
	read   time.Time
	groups map[int]Usage // by process group
}

// Usage returns what the worker of a pid uses: its process group, which is
// what it has started but for what has left the group. It is zero for one
// that has ended, and where there is no /proc.
func (m *Meter) Usage(pid int) Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.read) >= meterAge {
		m.groups, m.read = readGroups(), time.Now()
	}
	return m.groups[pid]
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
			continue // it has ended
		}
		u := groups[stat.PGRP]
		u.RSS += int64(stat.ResidentMemory())
		u.CPU += stat.CPUTime()
		groups[stat.PGRP] = u
	}
	return groups
}
