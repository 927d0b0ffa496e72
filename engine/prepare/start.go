package prepare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// variable is set for a process that is to be prepared.
const variable = "LDCORN_PREPARE"

// firstFD is the number of the first of ExtraFiles.
const firstFD = 3

// A Verdict says whether a process has become its program.
type Verdict struct {
	program    string
	said, says *os.File // the ends of the pipe; nil if there is nothing to prepare
}

// Wrap changes a command so that its process is prepared first. It changes nothing for
// a zero setup. Start the command, in whatever way, and then call Wait, or Drop if it
// could not be started.
func Wrap(cmd *exec.Cmd, s *Setup) (*Verdict, error) {
	if s.isZero() || cmd.Err != nil {
		return &Verdict{}, nil // Start reports cmd.Err
	}
	path, err := self()
	if err != nil {
		return nil, err
	}
	said, says, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	full := *s
	full.Parent, full.Program, full.Verdict = os.Getpid(), cmd.Path, firstFD+len(cmd.ExtraFiles)
	text, err := json.Marshal(&full)
	if err != nil {
		said.Close()
		says.Close()
		return nil, err
	}
	v := &Verdict{program: cmd.Path, said: said, says: says}
	cmd.Env = append(cmd.Environ(), variable+"="+string(text))
	cmd.ExtraFiles = append(cmd.ExtraFiles, says)
	cmd.Path = path
	return v, nil
}

// Drop gives up the verdict, and explains why the command could not be started: err is
// about the program that it should become.
func (v *Verdict) Drop(err error) error {
	if v.said == nil {
		return err
	}
	v.said.Close()
	v.says.Close()
	var failed *os.PathError
	if errors.As(err, &failed) && failed.Op != "chdir" {
		failed.Path = v.program
	}
	return err
}

// A failure is what a process says that could not be prepared.
type failure struct {
	Step   string        `json:"step"` // what it was about; "" for the program itself
	Text   string        `json:"text"`
	Number syscall.Errno `json:"number"`
}

// Wait blocks until the process has become its program, which is soon, and returns nil,
// or else why not. The process exits then. Wait must be called once.
func (v *Verdict) Wait() error {
	if v.said == nil {
		return nil
	}
	v.says.Close()
	defer v.said.Close()
	text, err := io.ReadAll(v.said)
	if err != nil || len(text) == 0 {
		return err
	}
	var f failure
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("the process was not prepared: %q", text)
	}
	return f.err(v.program)
}

func (f *failure) err(program string) error {
	var cause error = f.Number
	switch {
	case f.Number == 0:
		cause = errors.New(f.Text)
	case f.Step == "":
		return &os.PathError{Op: "fork/exec", Path: program, Err: cause}
	case f.Text != "":
		cause = fmt.Errorf("%s: %w", f.Text, f.Number)
	}
	return fmt.Errorf("%s: %w", f.Step, cause)
}

// self returns a path that starts this program again.
func self() (string, error) {
	const running = "/proc/self/exe" // of Linux, even if its file has been replaced
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}
