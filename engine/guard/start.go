//go:build !linux || portable

package guard

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Start starts a command as cmd.Start does, with the same errors, and kills its
// process group when this process ends. The command must lead a group of its own:
// its SysProcAttr has Setsid or Setpgid. The caller calls Release before cmd.Wait,
// or right after it.
func Start(cmd *exec.Cmd) error {
	if cmd.Err != nil {
		return cmd.Err
	}
	if err := Open(); err != nil {
		return err
	}
	g, err := newGate(cmd)
	if err != nil {
		return err
	}
	defer g.close()
	if err := g.start(cmd); err != nil {
		return err
	}
	if err := own.enter(cmd.Process.Pid); err != nil {
		g.open.Close()
		_ = cmd.Wait()
		return err
	}
	if err := g.pass(); err != nil {
		_ = cmd.Wait()
		Release(cmd.Process.Pid)
		return err
	}
	return nil
}

// A gate keeps a new process from becoming its program.
type gate struct {
	program    string   // its path
	open, held *os.File // the ends of a pipe through which it is opened
	said, says *os.File // those of a pipe through which it says why it has failed
}

func newGate(cmd *exec.Cmd) (*gate, error) {
	g := &gate{program: cmd.Path}
	var err error
	if g.held, g.open, err = os.Pipe(); err != nil {
		return nil, err
	}
	if g.said, g.says, err = os.Pipe(); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// close closes what is still open.
func (g *gate) close() {
	for _, f := range []*os.File{g.open, g.held, g.said, g.says} {
		if f != nil {
			_ = f.Close() // a second Close only fails
		}
	}
}

// start starts this program in place of the command.
func (g *gate) start(cmd *exec.Cmd) error {
	path, err := self()
	if err != nil {
		return err
	}
	env, files := cmd.Env, cmd.ExtraFiles
	first := firstFD + len(files)
	cmd.Env = append(cmd.Environ(), gateVariable+"="+strconv.Itoa(first)+" "+strconv.Itoa(first+1)+" "+g.program)
	cmd.ExtraFiles = append(files[:len(files):len(files)], g.held, g.says)
	cmd.Path = path
	err = cmd.Start()
	cmd.Path, cmd.Env, cmd.ExtraFiles = g.program, env, files
	g.held.Close()
	g.says.Close()
	var failed *os.PathError
	if errors.As(err, &failed) && failed.Path == path {
		failed.Path = g.program
	}
	return err
}

// pass lets the process become its program, and returns why it cannot.
func (g *gate) pass() error {
	if _, err := g.open.Write([]byte{1}); err != nil {
		return err
	}
	said, err := io.ReadAll(g.said) // ends when the program begins
	if err != nil || len(said) == 0 {
		return err
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(said)))
	if err != nil {
		return err
	}
	return &os.PathError{Op: "fork/exec", Path: g.program, Err: syscall.Errno(number)}
}
