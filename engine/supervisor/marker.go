package supervisor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A marker identifies the master of a worker. It is in the environment of the
// worker and of everything that the worker starts, as worker.EnvMaster.
type marker struct {
	pid   int    // of the master
	start uint64 // start time of the master: a reused pid has a different one
	names []string
	dir   string // the master's runtime directory, absolute
}

// String returns the variable's value: the pid, the start time, the names of
// the configuration and the directory, separated by slashes.
func (m *marker) String() string {
	return strconv.Itoa(m.pid) + "/" + strconv.FormatUint(m.start, 10) + "/" + strings.Join(m.names, ",") + m.dir
}

// parseMarker is the inverse of String.
func parseMarker(s string) (marker, bool) {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) < 4 {
		return marker{}, false
	}
	pid, err1 := strconv.Atoi(parts[0])
	start, err2 := strconv.ParseUint(parts[1], 10, 64)
	m := marker{pid: pid, start: start, names: strings.Split(parts[2], ","), dir: "/" + parts[3]}
	return m, err1 == nil && err2 == nil && pid > 0
}

// A marked is a process with the marker of a master of any configuration.
type marked struct {
	proc.Process
	marker
	owned bool // the master is alive
}

// findMarked finds the processes of a user, in our pid namespace, that carry
// the marker of a master of the configuration. For a process in another
// namespace, such as a container's, we cannot tell whether its master is alive.
// A uid of -1 means every user.
func findMarked(all []proc.Process, id *identity, uid int) []marked {
	var found []marked
	for i := range all {
		p := &all[i]
		value, ok := p.Env(worker.EnvMaster)
		if !ok {
			continue
		}
		m, ok := parseMarker(value)
		if !ok || !id.has(m.names) || uid >= 0 && p.UID() != uid || !p.SameNamespace() {
			continue
		}
		found = append(found, marked{Process: *p, marker: m, owned: proc.Lives(m.pid, m.start)})
	}
	return found
}

// isMasters reports whether the master lives and the directory belongs to its user. A
// worker can have another user.
func (m *marker) isMasters() bool {
	master, err := proc.Read(m.pid)
	return err == nil && master.Start == m.start && ownedBy(m.dir, master.UID())
}

// DirOf returns the runtime directory of the master with a pid, as named in the
// environment of its workers. It returns "" if the process is not a master, has
// no worker yet, or belongs to another user.
func DirOf(pid int) string {
	all := proc.All()
	for _, p := range proc.Below(all, pid) {
		value, ok := p.Env(worker.EnvMaster)
		if !ok || !p.SameNamespace() {
			continue
		}
		if m, ok := parseMarker(value); ok && m.pid == pid && m.isMasters() {
			return filepath.Clean(m.dir)
		}
	}
	return ""
}

// MarkedDirs returns the runtime directories of the running masters of a
// configuration, as named in the environment of their workers. It considers the
// masters of our user or, for root, of every user. It finds a master even if
// that was started with a different environment than ours.
func MarkedDirs(configPath string) []string {
	id, err := identify(configPath)
	if err != nil {
		return nil
	}
	uid := os.Geteuid()
	if uid == 0 {
		uid = -1
	}
	var dirs []string
	for _, m := range findMarked(proc.All(), &id, uid) {
		if m.owned && m.isMasters() {
			dirs = append(dirs, filepath.Clean(m.dir))
		}
	}
	return dirs
}
