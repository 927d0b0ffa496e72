package supervisor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// A record is what the next master must know about a worker, should this one
// be killed.
type record struct {
	PID    int    `json:"pid"`
	Start  uint64 `json:"start"` // clock ticks since boot: a reused pid has another
	Group  string `json:"group"`
	Worker int    `json:"worker"`
	Master stamp  `json:"master"`
}

// UnmarshalJSON also reads a record of a version that called a group a pool.
func (r *record) UnmarshalJSON(data []byte) error {
	type plain record // without this method
	var v struct {
		plain
		Pool string `json:"pool"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*r = record(v.plain)
	if r.Group == "" {
		r.Group = v.Pool
	}
	return nil
}

// A stamp names one process for ever.
type stamp struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// record notes a worker beside its socket. A worker that cannot be noted runs
// all the same: the kernel ends it with the master in any ordinary case.
func (r *Runtime) record(pid int, socket, group string, index int) {
	p, err := proc.Read(pid)
	if err != nil {
		return // it has ended already
	}
	rec := record{PID: pid, Start: p.Start, Group: group, Worker: index, Master: stamp{r.self.PID, r.self.Start}}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records[filepath.Base(socket)] = rec
	r.writeRecord(filepath.Base(socket), &rec)
}

func (r *Runtime) writeRecord(socket string, rec *record) {
	data, err := json.Marshal(rec)
	if err == nil {
		err = os.WriteFile(recordPath(filepath.Join(r.dir.Name(), socket)), data, 0o600)
	}
	if err != nil {
		r.log.Warn("worker not recorded", "group", rec.Group, "worker", rec.Worker, "pid", rec.PID, "err", err)
	}
}

// forget removes a worker's socket and record.
func (r *Runtime) forget(socket string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := filepath.Base(socket)
	delete(r.records, name)
	_ = os.Remove(socket) // Uvicorn may have removed it
	_ = os.Remove(recordPath(filepath.Join(r.dir.Name(), name)))
}

func recordPath(socket string) string { return strings.TrimSuffix(socket, ".sock") + ".json" }

// unlinkAll removes what a master makes in its directory.
func unlinkAll(dir string) {
	for _, pattern := range []string{"*.sock", "*.json"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is good
		for _, path := range paths {
			_ = os.Remove(path)
		}
	}
}
