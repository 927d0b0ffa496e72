package prepare

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	// Its gate comes first, and then starts this program again in our place.
	_ "github.com/ldcorn/ldcorn/engine/guard"
)

func init() {
	if text, ok := os.LookupEnv(variable); ok {
		become(text)
	}
}

// become prepares this process and makes it its program. It returns if the variable is
// not for this process: somebody else has set it.
func become(text string) {
	var s Setup
	if json.Unmarshal([]byte(text), &s) != nil || s.Program == "" || !isPipe(s.Verdict) {
		return
	}
	runtime.LockOSThread() // what belongs to a thread must belong to the one that becomes the program
	syscall.CloseOnExec(s.Verdict)
	step, err := s.apply()
	if err == nil {
		err = syscall.Exec(s.Program, os.Args, environ())
	}
	f := failure{Step: step}
	if !errors.As(err, &f.Number) {
		f.Text = err.Error()
	} else if _, plain := err.(syscall.Errno); !plain {
		f.Text = strings.TrimSuffix(err.Error(), ": "+f.Number.Error())
	}
	said, _ := json.Marshal(&f) // plain fields
	_, _ = syscall.Write(s.Verdict, said)
	os.Exit(127)
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return fd >= firstFD && unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// environ returns the environment of the program.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, variable+"=") })
}

// apply prepares this process. The step says what an error is about.
func (s *Setup) apply() (step string, err error) {
	if s.Cgroup != "" {
		if err := enter(s.Cgroup); err != nil {
			return "memory cgroup", err
		}
	}
	for i := range s.Rlimits {
		if err := setRlimit(&s.Rlimits[i]); err != nil {
			return "rlimits[" + quoted(s.Rlimits[i].Name) + "]", err
		}
	}
	if s.Nice != nil {
		if err := setNice(*s.Nice); err != nil {
			return "nice", err
		}
	}
	if s.CPUs != "" {
		if err := setCPUs(s.CPUs); err != nil {
			return "cpu_affinity", err
		}
	}
	if s.Umask != nil {
		unix.Umask(*s.Umask)
	}
	if s.Account != nil {
		if err := s.become(); err != nil {
			return s.Account.String(), err
		}
	}
	return "", nil
}

func quoted(s string) string { return `"` + s + `"` }

// become gives this process its user and groups.
func (s *Setup) become() error {
	if s.Account.UID >= 0 {
		if err := syscall.Setgroups(s.Account.Groups); err != nil {
			return wrapped("setgroups", err)
		}
	}
	if err := syscall.Setgid(s.Account.GID); err != nil {
		return wrapped("setgid", err)
	}
	if s.Account.UID >= 0 {
		if err := syscall.Setuid(s.Account.UID); err != nil {
			return wrapped("setuid", err)
		}
	}
	if err := setDeathSignal(s.DeathSignal); err != nil {
		return wrapped("prctl", err)
	}
	if s.DeathSignal != 0 && os.Getppid() != s.Parent {
		os.Exit(1) // it has died before the signal was set
	}
	// The folder was entered with the rights of the master.
	if err := syscall.Chdir("."); err != nil {
		folder, _ := unix.Getwd() // that of os wants to enter it
		return wrapped("cannot enter the folder "+folder, err)
	}
	return nil
}

// A stepError is an error of a system call with what it was for.
type stepError struct {
	what string
	err  error
}

func wrapped(what string, err error) error { return &stepError{what, err} }

func (e *stepError) Error() string { return e.what + ": " + e.err.Error() }

func (e *stepError) Unwrap() error { return e.err }

// enter makes this process a member of a cgroup.
func enter(folder string) error {
	return os.WriteFile(folder+"/cgroup.procs", []byte("0"), 0)
}
