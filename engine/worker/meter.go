package worker

import (
	"sync"
	"time"
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
// It is zero if the worker has exited or the system does not tell.
func (m *Meter) Usage(pid int) Usage {
	all, _ := m.All(meterAge)
	return all[pid]
}

// All returns the use of every process group by the pid of its leader, and when it was
// read, which is at most age ago. It is nil if the system does not tell. The caller must not
// change it.
func (m *Meter) All(age time.Duration) (map[int]Usage, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.read) >= age {
		m.groups, m.read = readGroups(), time.Now()
	}
	return m.groups, m.read
}
