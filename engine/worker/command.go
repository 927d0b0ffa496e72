package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// commandGrace is how long a command has between TERM and KILL.
const commandGrace = 5 * time.Second

// A Command is a program that runs to its end beside the workers.
type Command struct {
	Args   []string // the path of the program, and its arguments
	Dir    string   // "" means the master's folder
	Env    []string
	Setup  *prepare.Setup // what the process gets first; nil means nothing
	Stdin  []byte         // what it can read; nil means nothing
	Limit  time.Duration  // after which it is ended; 0 means no limit
	Source Source         // of its lines; Run sets the PID
	Output Output         // receives its lines; nil discards them
	// Hurry is closed to kill the command instead of ending it. nil is never closed.
	Hurry <-chan struct{}
}

// CommandOf returns a command in the folder and the environment of a group, with the
// interpreter that FindPython finds: its folder is the first of PATH. It runs as the
// user of the group, with its limits but for those of memory and CPUs. The environment is
// that of a worker, without the index of one; {index} in it is 0. The error says why
// the program, or what it needs, is not there.
func CommandOf(c *plan.Command, group *plan.Group, configDir string) (*Command, error) {
	python, err := FindPython(group, configDir)
	if err != nil {
		return nil, err
	}
	if err := CheckCwd(group); err != nil {
		return nil, err
	}
	spec := Spec{Group: group}
	env := slices.DeleteFunc(spec.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, EnvWorker+"=") || strings.HasPrefix(kv, EnvGeneration+"=")
	})
	setup, err := prepare.ForCommand(group)
	if err != nil {
		return nil, err
	}
	path := filepath.Dir(python.Path)
	if rest := lastVariable(env, "PATH"); rest != "" {
		path += string(filepath.ListSeparator) + rest
	}
	program, err := findProgram(c.Args[0], group.Cwd, path)
	if err != nil {
		return nil, err
	}
	return &Command{Args: append([]string{program}, c.Args[1:]...), Dir: group.Cwd, Env: append(env, "PATH="+path), Setup: setup, Limit: c.Timeout}, nil
}

// lastVariable returns the value of a variable of an environment, or "".
func lastVariable(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// findProgram returns the path of a program: it searches the folders of path for a name
// without a slash, and starts at dir otherwise.
func findProgram(name, dir, path string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return runnable(name)
	}
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		if found, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", &Advised{fmt.Errorf("there is no program %q", name), "it was looked for in PATH, which begins with the folder of the group's interpreter: " + path}
}

// errLimit is the cause of the end of a command that has run for too long.
var errLimit = errors.New("timeout")

// A CommandError says how a command has failed.
type CommandError struct {
	Err    error
	Stderr []string // its last lines on either stream, the oldest first
}

func (e *CommandError) Error() string { return e.Err.Error() }

func (e *CommandError) Unwrap() error { return e.Err }

// Run runs the command until it has exited and its output was read, and ends what it has
// left in its process group. When ctx ends or the limit is over, Run ends the group, with
// TERM and, after a while, KILL. The error is the cause of ctx, or else a *CommandError.
func (c *Command) Run(ctx context.Context) error {
	runtime.LockOSThread() // see Launcher
	defer runtime.UnlockOSThread()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p, err := c.start()
	if err != nil {
		return &CommandError{Err: notStarted(Question{Python: c.Args[0], Dir: c.Dir}, err)}
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if c.Limit > 0 {
		limited, cancel = context.WithTimeoutCause(ctx, c.Limit, errLimit)
	}
	defer cancel()
	select {
	case <-p.exited:
	case <-limited.Done():
		p.asked.Store(true)
		p.endGroup(commandGrace, c.Hurry)
	}
	exit := p.Wait()
	switch {
	case ctx.Err() != nil && exit.Asked:
		return context.Cause(ctx)
	case exit.Asked:
		err = fmt.Errorf("not done within %v", c.Limit)
	case exit.Code == 0:
		return nil
	default:
		err = errors.New(exit.String())
	}
	return &CommandError{Err: err, Stderr: exit.Stderr}
}

// start starts the command as a Process. It must run on a thread that lives longer.
func (c *Command) start() (*Process, error) {
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	if c.Stdin != nil {
		stdin, err := readable(c.Stdin)
		if err != nil {
			return nil, err
		}
		defer stdin.Close()
		cmd.Stdin = stdin
	}
	p := newProcess(cmd)
	p.ready.Store(true) // its lines are shown, and its exit is told, as those of a worker that runs
	setup := c.Setup
	if setup == nil {
		setup = new(prepare.Setup)
	}
	if err := p.start(setup, c.Source, c.Output); err != nil {
		return nil, err
	}
	return p, p.prepared()
}

// readable returns a file with some bytes to read, which fit into a pipe.
func readable(text []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, shortage.Explain(err)
	}
	defer w.Close()
	if err = w.SetWriteDeadline(time.Now().Add(time.Second)); err == nil {
		_, err = w.Write(text)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// endGroup tells the whole process group to exit, and kills it once grace has passed or
// hurry is closed. It blocks until the process has exited.
func (p *Process) endGroup(grace time.Duration, hurry <-chan struct{}) {
	p.signalGroup(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	case <-hurry:
	}
	p.forced.Store(true)
	p.signalGroup(syscall.SIGKILL)
	<-p.exited
}
