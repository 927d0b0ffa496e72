package supervisor

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A Runtime is the directory of one master: the sockets of its workers, and a
// record of each of them. Beside it are locks that keep a second master with
// the same configuration out. Only its owner may enter it, which protects the
// sockets: Uvicorn gives them mode 0666.
//
// Somebody may remove all of it while the master runs: a logout removes
// /run/user/UID, a cleaner empties /tmp. Ensure makes it again. Safe from any
// goroutine.
type Runtime struct {
	config string
	log    *slog.Logger
	self   proc.Process

	mu      sync.Mutex // guards all below, and what is made and removed
	id      identity
	place   place
	dir     *os.File   // open, so that nobody can put another in its place: see socket
	before  []*os.File // those that were removed; workers are still dialled by them
	locks   map[string]*lock
	records map[string]record // of the workers that live, by the socket's name
	next    int64             // number of the next socket
	keep    []func(dir string) error
	last    string // what Ensure has complained about last
	temp    string // a place that is this directory's alone; "" if there is none
	ours    bool   // what is in the directory is ours to remove
}

// RuntimeDirs returns the runtime directories in which the master of a
// configuration may be found: the likeliest first. Each belongs to our user.
func RuntimeDirs(configPath string) ([]string, error) {
	id, err := identify(configPath)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, h := range findHolders(&id) {
		if h.dir != "" && ownedBy(h.dir, os.Geteuid()) && !slices.Contains(dirs, h.dir) {
			dirs = append(dirs, h.dir)
		}
	}
	return dirs, nil
}

// OpenRuntime creates and locks the runtime directory of a configuration and
// ends what a killed master has left. A RunningError means that another master
// runs with it. The caller must Close it.
func OpenRuntime(configPath string, log *slog.Logger) (*Runtime, error) {
	id, err := identify(configPath)
	if err != nil {
		return nil, err
	}
	self, err := proc.Self()
	if err != nil {
		return nil, fmt.Errorf("runtime directory: %w", err)
	}
	r := &Runtime{config: configPath, log: log, self: self, id: id,
		locks: make(map[string]*lock), records: make(map[string]record)}
	if err := r.refuseSecond(); err != nil {
		return nil, err
	}
	skipped, err := r.settle(places())
	if err == nil {
		err = r.sweep()
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	r.ours = true
	for _, reason := range skipped {
		log.Warn("XDG_RUNTIME_DIR not used", "err", reason, "runtime", r.Dir())
	}
	return r, nil
}

// refuseSecond returns a RunningError if a master runs with the configuration,
// whether its locks are still there or not.
func (r *Runtime) refuseSecond() error {
	for _, h := range findHolders(&r.id) {
		return &RunningError{Config: r.config, PID: h.pid}
	}
	for _, m := range findMarked(proc.All(), &r.id, os.Geteuid()) {
		if m.owned {
			return &RunningError{Config: r.config, PID: m.pid}
		}
	}
	return nil
}

// settle makes the directory, and takes the locks, in the first place that
// allows it. It returns why $XDG_RUNTIME_DIR was not used, if it was not. With a
// RunningError the directory is made and not all locks are taken.
func (r *Runtime) settle(among []place) (skipped []error, err error) {
	var reasons []error
	for _, p := range among {
		err := r.settleIn(p)
		if err == nil {
			err = r.lockAll()
		}
		if err == nil || errors.As(err, new(*RunningError)) {
			return skipped, err
		}
		if shortage.Is(err) {
			return skipped, fmt.Errorf("no folder for sockets: %w", err) // it is no better elsewhere
		}
		if p.fromXDG {
			skipped = append(skipped, err)
		}
		reasons = append(reasons, err)
	}
	return nil, fmt.Errorf("no folder for sockets: %w; set XDG_RUNTIME_DIR or TMPDIR to a folder of your own with a short path", errors.Join(reasons...))
}

func (r *Runtime) settleIn(p place) error {
	dir := filepath.Join(p.path, r.id.given)
	if length := len(filepath.Join(dir, longestName)); length > plan.MaxUnixPath {
		return fmt.Errorf("the path of a socket in %s has more than %d bytes", p.path, plan.MaxUnixPath)
	}
	if err := p.prepare(); err != nil {
		return err
	}
	if err := makePrivate(dir); err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return shortage.Explain(err)
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		f.Close()
		return &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	// systemd-tmpfiles leaves alone what is locked.
	_ = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if r.dir != nil {
		r.before = append(r.before, r.dir)
	}
	r.place, r.dir = p, f
	return nil
}

// lockAll takes the locks of all names, here and in the common places, in an
// order that is the same in every master: of two that start at the same time
// one gets the first that both want. Only those beside the directory must be
// there.
func (r *Runtime) lockAll() error {
	all := unique(append([]place{r.place}, commonPlaces()...))
	slices.SortFunc(all, func(a, b place) int { return strings.Compare(a.path, b.path) })
	wanted := make(map[string]bool)
	for _, p := range all {
		if p.path != r.place.path && p.prepare() != nil {
			continue
		}
		for _, name := range r.id.all {
			path := filepath.Join(p.path, name+lockSuffix)
			wanted[path] = true
			if err := r.lock(path); err != nil && (p.path == r.place.path || errors.As(err, new(*RunningError))) {
				return err
			}
		}
	}
	for path, l := range r.locks {
		if !wanted[path] { // the configuration's path leads elsewhere now
			_ = l.free()
			delete(r.locks, path)
		}
	}
	return nil
}

// lock takes a lock unless we have it.
func (r *Runtime) lock(path string) error {
	if old := r.locks[path]; old != nil {
		if old.held() {
			return nil
		}
		old.Close()
		delete(r.locks, path)
	}
	l, err := takeLock(path, r.config, r.dir.Name())
	if err == nil {
		r.locks[path] = l
	}
	return err
}

// Dir is the directory's path. Ensure may change it.
func (r *Runtime) Dir() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dir.Name()
}

// Close removes what the master has made, and gives up the locks. Workers must
// have ended before.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	if r.ours {
		unlinkAll(r.dir.Name())
		_ = os.Remove(r.dir.Name()) // stays if it holds anything that is not ours
	}
	for _, f := range append(r.before, r.dir) {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	for _, l := range r.locks {
		errs = append(errs, l.free())
	}
	if r.temp != "" {
		_ = os.Remove(r.temp)
	}
	return errors.Join(errs...)
}

// socketName is not the name of any other master's socket, should two of them
// have come to share a directory.
func socketName(master int, n int64) string {
	return strconv.FormatInt(int64(master), 36) + "-" + strconv.FormatInt(n, 36) + ".sock"
}

// longestName is as long as any socket's name.
var longestName = socketName(1<<22, 1<<40)

// A socket is where a new worker is to listen, and what it is to know.
type socket struct {
	path string
	// dial leads there by way of the directory that we have open. By path, it
	// could be a socket of somebody who has put a directory of his own in the
	// place of ours, and gets our requests.
	dial string
	mark string // the worker's marker
}

// newSocket makes sure that the directory is there, and returns a socket in it
// that no worker of this master has had.
func (r *Runtime) newSocket() (socket, error) {
	if err := r.Ensure(); err != nil {
		return socket{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	m := marker{pid: r.self.PID, start: r.self.Start, names: r.id.all, dir: r.dir.Name()}
	name := socketName(r.self.PID, r.next)
	return socket{
		path: filepath.Join(r.dir.Name(), name), mark: m.String(),
		dial: fmt.Sprintf("/proc/self/fd/%d/%s", r.dir.Fd(), name),
	}, nil
}
