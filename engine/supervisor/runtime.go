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
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A Runtime is the directory of one master: it holds the sockets of its workers
// and a record of each worker. Next to it are locks that keep out a second
// master with the same configuration. Only its owner can enter the directory,
// which protects the sockets: Uvicorn gives them mode 0666.
//
// All of it can be removed while the master runs: a logout removes
// /run/user/UID, a cleaner empties /tmp. Ensure recreates it. A Runtime is safe
// to use from any goroutine.
type Runtime struct {
	config string
	log    *slog.Logger
	self   proc.Process

	mu      sync.Mutex // guards all fields below and the files of the directory
	id      identity
	place   place
	dir     *os.File   // kept open, so that nobody can substitute another: see socket
	before  []*os.File // removed directories, through which older workers are still dialed
	locks   map[string]*lock
	records map[string]record // of the live workers, by socket name
	next    int64             // number of the next socket
	keep    []func(dir string) error
	last    string // the last error that Ensure logged
	doors   string // the folder of the doors; "" before the first one
	temp    string // a place created for this directory alone; "" if there is none
	ours    bool   // whether Close may remove the contents of the directory
}

// RuntimeDirs returns the runtime directories in which the master of a
// configuration may be found, likeliest first. Each belongs to our user.
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
// kills what a killed master left behind. A RunningError means that another
// master is running with the configuration. The caller must call Close.
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

// refuseSecond returns a RunningError if a master is running with the
// configuration, even if its locks are gone.
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

// settle creates the directory, and takes the locks, in the first place that
// allows it. If $XDG_RUNTIME_DIR could not be used, skipped says why. If settle
// returns a RunningError, it has created the directory but not taken all locks.
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
			return skipped, fmt.Errorf("no folder for sockets: %w", err) // other places would have the same problem
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
		return fmt.Errorf("the path of a socket in %s would be longer than %d bytes", p.path, plan.MaxUnixPath)
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
	// systemd-tmpfiles leaves locked directories alone.
	_ = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if r.dir != nil {
		r.before = append(r.before, r.dir)
	}
	r.place, r.dir = p, f
	return nil
}

// lockAll takes the locks of all names, in our place and in the common places.
// The order is the same in every master, so that when two start at the same
// time, one of them gets the first lock that both want. Only the locks in our
// place are required.
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
		if !wanted[path] { // the configuration's path now leads elsewhere
			_ = l.free()
			delete(r.locks, path)
		}
	}
	return nil
}

// lock takes a lock unless we already hold it.
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

// Dir returns the path of the directory, which Ensure can change.
func (r *Runtime) Dir() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dir.Name()
}

// Close removes what the master created and releases the locks. All workers
// must have exited.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	if r.ours {
		unlinkAll(r.dir.Name())
		closeDoors(r.dir.Name())
		_ = os.Remove(r.dir.Name()) // fails if it contains anything that is not ours
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

// socketName returns a name that no other master uses for a socket, in case two
// of them come to share a directory.
func socketName(master int, n int64) string {
	return strconv.FormatInt(int64(master), 36) + "-" + strconv.FormatInt(n, 36) + ".sock"
}

// longestName is as long as the longest name of a socket.
var longestName = socketName(1<<22, 1<<40)

// A socket is the address where a new worker will listen, and the worker's
// marker.
type socket struct {
	path string
	// dial leads to the socket through the directory that we hold open, on Linux. path
	// could lead to somebody else's socket, which would get our requests, if
	// they had put their own directory in place of ours.
	dial string
	mark string // the worker's marker
	link func() // makes dial lead to path, once the worker has bound it; nil if it does anyway
}

// newSocket ensures that the directory exists and returns a socket in it, or in a door
// for the user of the account, if there is one, that no worker of this master has used.
func (r *Runtime) newSocket(account *prepare.Account) (socket, error) {
	if err := r.Ensure(); err != nil {
		return socket{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	name := socketName(r.self.PID, r.next)
	if account != nil && account.UID >= 0 && account.UID != os.Geteuid() {
		d, err := r.newDoor(name, account)
		if err != nil {
			return socket{}, err
		}
		return socket{path: d.socket(), dial: d.link, mark: r.marker(), link: d.enter}, nil
	}
	return socket{
		path: filepath.Join(r.dir.Name(), name), mark: r.marker(),
		dial: dialPath(r.dir, name),
	}, nil
}

// marker returns the value of worker.EnvMaster for the processes of this master. mu must
// be held.
func (r *Runtime) marker() string {
	m := marker{pid: r.self.PID, start: r.self.Start, names: r.id.all, dir: r.dir.Name()}
	return m.String()
}

// mark is marker for a process without a socket.
func (r *Runtime) mark() (string, error) {
	if err := r.Ensure(); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.marker(), nil
}
