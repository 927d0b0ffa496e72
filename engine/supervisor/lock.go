package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A RunningError says that a master with the same configuration is already
// running.
type RunningError struct {
	Config string
	PID    int // 0 if not written yet, or in another pid namespace
}

// started says when a process was started, and in which folder and by which user
// if those are not ours. It returns "" if nothing is known.
func started(pid int) string {
	p, err := proc.Read(pid)
	if err != nil {
		return ""
	}
	text := ""
	if since := p.Since(); !since.IsZero() {
		text = " at " + since.Format(time.DateTime)
	}
	if here, err := os.Getwd(); err == nil && p.Folder() != "" && p.Folder() != here {
		text += " in " + p.Folder()
	}
	if uid := p.UID(); uid >= 0 && uid != os.Geteuid() {
		text += " by user " + p.User()
	}
	if text == "" {
		return ""
	}
	return ", started" + text
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another ldcorn is running with %s", e.Config)
	}
	return fmt.Sprintf("another ldcorn (pid %d) is running with %s%s; reload it with \"ldcorn reload -c %[2]s\", or stop it with \"ldcorn stop -c %[2]s\"", e.PID, e.Config, started(e.PID))
}

// A lock is a locked file that says which master holds it and where that
// master's runtime directory is.
type lock struct {
	*os.File
	left holder // the killed master that held it before; zero if there was none
}

// A holder is what a lock's file says about the master that holds it.
type holder struct {
	pid int    // 0 if our pid namespace has no such process
	dir string // its runtime directory
}

// lockSuffix ends the name of a lock's file. The rest of it is a name of the
// configuration.
const lockSuffix = ".lock"

// These constants control how often, and how quickly, takeLock retries a lock
// that somebody else holds.
const (
	lockTries = 20
	lockPause = 5 * time.Millisecond
)

// takeLock opens and locks path and writes this master into it. The kernel
// frees the lock when the process exits, for whatever reason. The previous
// holder may have removed the file, so after taking the lock takeLock checks
// that path still names the file.
func takeLock(path, config, dir string) (*lock, error) {
	for tries := 1; ; tries++ {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", shortage.Explain(err))
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) && tries < lockTries {
			f.Close() // a command may be checking it briefly: see isLocked
			time.Sleep(lockPause)
			continue
		}
		if errors.Is(err, unix.EWOULDBLOCK) {
			defer f.Close()
			return nil, &RunningError{Config: config, PID: readHolder(path).pid}
		}
		if err == nil && !sameFile(f, path) {
			f.Close()
			continue
		}
		l := &lock{f, readHolder(path)}
		if err == nil {
			err = l.write(dir)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, shortage.Explain(err))
		}
		return l, nil
	}
}

// write records in the file that this master holds the lock.
func (l *lock) write(dir string) error {
	if err := l.Truncate(0); err != nil {
		return err
	}
	self, err := proc.Self()
	if err == nil {
		_, err = l.WriteAt(fmt.Appendf(nil, "%d %d\n%s\n", self.PID, self.Start, dir), 0)
	}
	return err
}

// held reports whether path still names the lock's file.
func (l *lock) held() bool { return sameFile(l.File, l.Name()) }

// free removes the file while it is still locked, then releases the lock.
func (l *lock) free() error {
	var err error
	if l.held() {
		err = os.Remove(l.Name())
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.Close())
}

func sameFile(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(ours, now)
}

// readHolder reads the file of a lock that any process may hold.
func readHolder(path string) holder {
	data, err := os.ReadFile(path)
	if err != nil {
		return holder{}
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	var pid int
	var start uint64
	// The file is empty if its holder has not written it yet.
	if _, err := fmt.Sscanf(string(first), "%d %d", &pid, &start); err != nil || !proc.Lives(pid, start) {
		pid = 0
	}
	dir := strings.TrimSuffix(string(rest), "\n")
	if !filepath.IsAbs(dir) {
		dir = ""
	}
	return holder{pid, dir}
}

// isLocked reports whether somebody holds the lock at path. For a moment it
// takes a shared lock itself, which no master does.
func isLocked(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close() // releases the shared lock
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// findHolders returns the holders of a configuration's locks, in all places.
func findHolders(id *identity) []holder {
	var found []holder
	for _, p := range allPlaces() {
		if !p.trusted() {
			continue
		}
		for _, name := range id.all {
			if path := filepath.Join(p.path, name+lockSuffix); isLocked(path) {
				found = append(found, readHolder(path))
			}
		}
	}
	return found
}
