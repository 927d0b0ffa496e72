package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A RunningError says that a master with the same configuration runs.
type RunningError struct {
	Config string
	PID    int // 0 if it has not said yet
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another ldcorn runs with %s", e.Config)
	}
	return fmt.Sprintf("another ldcorn (pid %d) runs with %s; reload it with kill -HUP %d, or stop it with kill %d", e.PID, e.Config, e.PID, e.PID)
}

// lockFile opens and locks path and writes our pid into it. The kernel frees
// the lock when the process ends, however it does. Its holder may remove the
// file; so whoever gets the lock checks that it is still the file of that name.
func lockFile(path, config string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			defer f.Close()
			return nil, &RunningError{Config: config, PID: readPID(path)}
		}
		if err == nil && !sameFile(f, path) {
			f.Close()
			continue
		}
		if err == nil {
			err = writePID(f)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return f, nil
	}
}

func sameFile(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(ours, now)
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(path string) int {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data))) // 0 if not written yet
	return pid
}
