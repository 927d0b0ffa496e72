package worker

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// A Question is a script for an interpreter to run.
type Question struct {
	Python string
	Args   []string
	Dir    string
	Env    []string
	Setup  *prepare.Setup // what the process gets first; nil means nothing
	Wordy  bool           // allow any amount of output and keep only the end of it
}

// An Answer is the output of a Question.
type Answer struct {
	PID            int
	Stdout, Stderr string // a few hundred KiB at most
}

// Ask runs an interpreter until it exits, then kills every process that it
// started. It also kills an interpreter that prints too much, unless q is
// Wordy. If ctx ends first, Ask returns its cause. If the interpreter fails,
// the error is an *exec.ExitError.
func Ask(ctx context.Context, q Question) (Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, q.Python, q.Args...)
	cmd.Dir, cmd.Env = q.Dir, q.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a child may hold the pipe open
	var full func()
	if !q.Wordy {
		full = func() { cancel(errTooMuch) }
	}
	stdout, stderr := capped{full: full}, capped{full: full}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := run(cmd, q.Setup)
	a := Answer{Stdout: stdout.String(), Stderr: stderr.String()}
	if cmd.Process != nil {
		a.PID = cmd.Process.Pid
		_ = syscall.Kill(-a.PID, syscall.SIGKILL) // the rest of its process group
	}
	switch {
	case ctx.Err() != nil:
		return a, context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		return a, nil // it succeeded, but a child still has the pipe
	case cmd.Process == nil:
		return a, notStarted(q, err)
	}
	return a, err
}

// run is cmd.Run for a process that is prepared.
func run(cmd *exec.Cmd, setup *prepare.Setup) error {
	verdict, err := prepare.Wrap(cmd, setup)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return verdict.Drop(err)
	}
	err = verdict.Wait()
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	return err
}

// notStarted explains why a file cannot be run, in more detail than the system
// does.
func notStarted(q Question, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return errors.New("it is not a program: a script needs a first line such as #!/bin/sh")
	case errors.Is(err, fs.ErrNotExist):
		if _, found := os.Stat(q.Python); found == nil && (q.Dir == "" || isDir(q.Dir)) {
			return errors.New("its interpreter does not exist: check the #! line of the script, or the loader of the program")
		}
	}
	return shortage.Explain(err)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
