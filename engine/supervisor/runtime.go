package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Runtime is the directory of one master: the sockets of its workers, a
// record of each of them, and a lock that keeps a second master with the same
// configuration out. Only its owner may enter it, which protects the sockets:
// Uvicorn gives them mode 0666.
type Runtime struct {
	dir  string
	lock *os.File
	log  *slog.Logger
	next atomic.Int64 // number of the next socket
}

// RuntimeDir returns the directory that the master of a configuration uses:
// under $XDG_RUNTIME_DIR, /run for root, or the temporary directory. It
// creates nothing.
func RuntimeDir(configPath string) (string, error) {
	dirs, err := RuntimeDirs(configPath)
	if err != nil {
		return "", err
	}
	for _, dir := range dirs {
		if len(filepath.Join(dir, socketName(1<<40))) <= plan.MaxUnixPath {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no folder with a short enough path for sockets among %s: set XDG_RUNTIME_DIR or TMPDIR to a shorter one",
		strings.Join(runtimeBases(), ", "))
}

// RuntimeDirs returns the directories that the master of a configuration may
// use, depending on its environment: the likeliest first.
func RuntimeDirs(configPath string) ([]string, error) {
	path, err := filepath.Abs(configPath)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(path))
	var dirs []string
	for _, base := range runtimeBases() {
		dirs = append(dirs, filepath.Join(base, hex.EncodeToString(sum[:6])))
	}
	return dirs, nil
}

func runtimeBases() []string {
	var bases []string
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		bases = append(bases, filepath.Join(dir, "ldcorn"))
	}
	if os.Geteuid() == 0 {
		bases = append(bases, "/run/ldcorn")
	}
	own := "ldcorn-" + strconv.Itoa(os.Geteuid())
	return append(bases, filepath.Join(os.TempDir(), own))
}

// OpenRuntime creates and locks the runtime directory of a configuration and
// ends what a killed master has left in it. A RunningError means that another
// master holds it. The caller must Close it.
func OpenRuntime(configPath string, log *slog.Logger) (*Runtime, error) {
	dir, err := RuntimeDir(configPath)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := makePrivate(d); err != nil {
			return nil, fmt.Errorf("runtime directory: %w", err)
		}
	}
	lock, err := lockFile(filepath.Join(dir, "lock"), configPath)
	if err != nil {
		return nil, err
	}
	r := &Runtime{dir: dir, lock: lock, log: log}
	r.sweep()
	return r, nil
}

// Dir is the directory's path.
func (r *Runtime) Dir() string { return r.dir }

// Close removes what the master has made, and gives up the lock. Workers must
// have ended before.
func (r *Runtime) Close() error {
	r.unlinkAll()
	err := os.Remove(r.lock.Name()) // while the lock is held: see lockFile
	_ = os.Remove(r.dir)            // stays if it holds anything that is not ours
	return errors.Join(err, r.lock.Close())
}

// makePrivate makes a directory that only we can enter, or checks that it is
// one: in a shared folder, anybody could have put it there before us.
func makePrivate(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: dir, Err: err}
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder", dir)
	case st.Uid != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to us (user %d): remove it, or set XDG_RUNTIME_DIR", dir, st.Uid, os.Geteuid())
	case st.Mode&0o077 != 0:
		return os.Chmod(dir, 0o700)
	}
	return nil
}

func socketName(n int64) string { return strconv.FormatInt(n, 36) + ".sock" }

// newSocket returns a path that no worker of this master has had.
func (r *Runtime) newSocket() string {
	return filepath.Join(r.dir, socketName(r.next.Add(1)))
}

// A record is what the next master must know about a worker, should this one
// be killed.
type record struct {
	PID    int    `json:"pid"`
	Start  uint64 `json:"start"` // clock ticks since boot: a reused pid has another
	Pool   string `json:"pool"`
	Worker int    `json:"worker"`
}

// record notes a worker beside its socket. A worker that cannot be noted runs
// all the same: the kernel ends it with the master in any ordinary case.
func (r *Runtime) record(pid int, socket, pool string, index int) {
	st, err := readStat(pid)
	if err != nil {
		return // it has ended already
	}
	data, err := json.Marshal(record{PID: pid, Start: st.start, Pool: pool, Worker: index})
	if err == nil {
		err = os.WriteFile(recordPath(socket), data, 0o600)
	}
	if err != nil {
		r.log.Warn("worker not recorded", "pool", pool, "worker", index, "pid", pid, "err", err)
	}
}

// forget removes a worker's socket and record.
func (r *Runtime) forget(socket string) {
	_ = os.Remove(socket) // Uvicorn may have removed it
	_ = os.Remove(recordPath(socket))
}

func recordPath(socket string) string { return strings.TrimSuffix(socket, ".sock") + ".json" }

func (r *Runtime) unlinkAll() {
	for _, pattern := range []string{"*.sock", "*.json"} {
		paths, _ := filepath.Glob(filepath.Join(r.dir, pattern)) // the pattern is good
		for _, path := range paths {
			_ = os.Remove(path)
		}
	}
}
