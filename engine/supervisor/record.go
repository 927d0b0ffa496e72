package supervisor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// A record is what the next master needs to know about a worker if this master
// is killed.
type record struct {
	PID    int    `json:"pid"`
	Start  uint64 `json:"start"` // clock ticks since boot: a reused pid has a different one
	Group  string `json:"group"`
	Worker int    `json:"worker"`
	Master stamp  `json:"master"`
}

// UnmarshalJSON also accepts records from versions that called a group a pool.
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

// A stamp identifies one process for all time.
type stamp struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// record writes down a worker next to its socket. A worker that cannot be
// recorded runs all the same: ordinarily the kernel kills it together with the
// master.
func (r *Runtime) record(pid int, socket, group string, index int) {
	p, err := proc.Read(pid)
	if err != nil {
		return // it has already exited
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
	_ = os.Remove(socket) // may fail: Uvicorn may have removed it
	_ = os.Remove(recordPath(filepath.Join(r.dir.Name(), name)))
	r.closeDoor(name)
}

func recordPath(socket string) string { return strings.TrimSuffix(socket, ".sock") + ".json" }

// unlinkAll removes everything that a master creates in its directory.
func unlinkAll(dir string) {
	for _, pattern := range []string{"*.sock", "*.json"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is good
		for _, path := range paths {
			_ = os.Remove(path)
		}
	}
}
