package worker

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A Question is a script that an interpreter runs to answer something.
type Question struct {
	Python string
	Args   []string
	Dir    string
	Env    []string
	Wordy  bool // the last of what it prints will do, however much that is
}

// An Answer is what an interpreter said.
type Answer struct {
	PID            int
	Stdout, Stderr string // not more than a few hundred KiB
}

// Ask runs an interpreter to its end. Whatever it has started ends with it,
// and so does one that prints without end, unless it is Wordy. ctx bounds it, and its
// cause is the error when it is over; an interpreter that failed is an
// *exec.ExitError.
func Ask(ctx context.Context, q Question) (Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, q.Python, q.Args...)
	cmd.Dir, cmd.Env = q.Dir, q.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a child of it may hold the pipe open
	var full func()
	if !q.Wordy {
		full = func() { cancel(errTooMuch) }
	}
	stdout, stderr := capped{full: full}, capped{full: full}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	a := Answer{Stdout: stdout.String(), Stderr: stderr.String()}
	if cmd.Process != nil {
		a.PID = cmd.Process.Pid
		_ = syscall.Kill(-a.PID, syscall.SIGKILL) // what is left of its group
	}
	switch {
	case ctx.Err() != nil:
		return a, context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		return a, nil // it has ended well; a child of it has the pipe
	case cmd.Process == nil:
		return a, notStarted(q, err)
	}
	return a, err
}

// notStarted says more than the system does of a file that cannot be run.
func notStarted(q Question, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return errors.New("it is no program: a script needs a first line such as #!/bin/sh")
	case errors.Is(err, fs.ErrNotExist):
		if _, found := os.Stat(q.Python); found == nil && (q.Dir == "" || isDir(q.Dir)) {
			return errors.New("what should run it is not there: the file's #! line, or the program's loader, names what does not exist")
		}
	}
	return shortage.Explain(err)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
