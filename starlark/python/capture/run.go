// Package capture runs a Python configuration once and records its result, for
// configurations that cannot be rewritten.
package capture

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/traceback"
)

// script runs in the interpreter.
//
//go:embed capture.py
var script string

const (
	shownLines = 12 // of the output in an error
	maxResult  = 16 << 20
	drain      = time.Second // for what is left in the pipes of a process that has ended
)

// Options control how the Python runs.
type Options struct {
	Python  string        // the interpreter
	Timeout time.Duration // after which it is killed, with all its children
	CPUs    int           // the number of CPUs that it sees
	Env     []string      // NAME=value; nil means the environment of the process
	Words   []Word
	// Answer is that of File. If nil, the words that need it fail.
	Answer func(Question) ([]byte, error)
}

// A Word is a word of the language, as the file sees it.
type Word struct {
	Name      string     `json:"name"`
	Arguments []Argument `json:"arguments"` // of LdConfig and WorkerGroup
	Asked     bool       `json:"asked"`     // its value comes from Options.Answer
}

// An Argument is an argument of a Word.
type Argument struct {
	Name     string `json:"name"`
	Default  string `json:"default"` // as a literal
	Required bool   `json:"required"`
	Keyword  bool   `json:"keyword"` // can only be passed by name
}

// A Kind is the kind of an Error.
type Kind string

// The kinds of error.
const (
	Raised     Kind = "exception"  // the file has failed
	Syntax     Kind = "syntax"     // it is not Python
	NoConfig   Kind = "none"       // it does not make a configuration
	Unwritable Kind = "unwritable" // a value of its configuration has no literal
	TooLong    Kind = "time"       // it has been killed for taking too long
	Ended      Kind = "ended"      // it has ended the interpreter
)

// An Error is a failure of the Python itself.
type Error struct {
	Kind    Kind
	Message string
	Place   Place    // in the file; zero if unknown
	Detail  []string // a folded traceback, or the last lines of the output
	Files   []string // those outside the installation of Python that it has opened; nil if unknown

	Interpreter string
}

func (e *Error) Error() string {
	if len(e.Detail) == 0 {
		return e.Message
	}
	return e.Message + ":\n  " + strings.Join(e.Detail, "\n  ")
}

// Run runs the file at path once, in a process group of its own and without
// input. Messages show it under a name. Nothing that it starts outlives Run,
// which therefore ends every child of this process that begins while it runs.
// The error is an *Error if the Python fails.
func Run(ctx context.Context, path, name string, opts Options) (*Result, error) {
	limited, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	p := &process{opts: opts, asked: make(map[string]bool)}
	done := make(chan error, 1)
	go func() { done <- p.run(limited, path) }()
	err := <-done
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("run %s: interrupted", name)
	case limited.Err() != nil && len(p.result) == 0:
		return nil, &Error{Kind: TooLong, Message: fmt.Sprintf("Python has run %s for more than %s and was ended", name, opts.Timeout), Detail: tail(p.output.String())}
	case err != nil && !errors.As(err, &exit):
		return nil, fmt.Errorf("run %s: %w", opts.Python, shortage.Explain(err))
	case len(p.result) > maxResult:
		return nil, &Error{Kind: Unwritable, Message: fmt.Sprintf("the configuration has more than %d MiB", maxResult>>20)}
	}
	return p.read(name, err)
}

// A process is a run of the interpreter.
type process struct {
	opts   Options
	result []byte
	output lastOutput
	calls  []Call          // that have been answered, each once
	asked  map[string]bool // their texts
	size   int             // of these
}

// run runs the interpreter to its end, with everything that it leaves running.
func (p *process) run(ctx context.Context, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	words, err := json.Marshal(p.opts.Words)
	if err != nil {
		return err
	}
	pipes, err := openPipes()
	if err != nil {
		return err
	}
	defer pipes.close()
	// On Linux, the kernel ends the child when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := prepare(); err != nil {
		return err
	}
	family := adopt()
	cmd := exec.CommandContext(ctx, p.opts.Python, "-B", "-c", script, abs, string(words), strconv.Itoa(p.opts.CPUs))
	cmd.Env = p.opts.Env
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Stdout, cmd.Stderr = pipes.output[1], pipes.output[1]
	cmd.ExtraFiles = []*os.File{pipes.result[1], pipes.answers[0]} // at descriptors 3 and 4
	err = start(cmd)
	pipes.closeTheirs()
	if err != nil {
		return err
	}
	read := make(chan struct{}, 2)
	go func() {
		p.converse(pipes.result[0], pipes.answers[1])
		read <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(&p.output, pipes.output[0])
		read <- struct{}{}
	}()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // processes left running, if any
	release(cmd.Process.Pid)
	family.end()
	deadline := time.Now().Add(drain) // a process that cannot be killed holds the pipes
	for _, f := range []*os.File{pipes.result[0], pipes.output[0], pipes.answers[1]} {
		_ = f.SetDeadline(deadline)
	}
	<-read
	<-read
	return err
}

// read returns what the script has written, or why it has written nothing.
func (p *process) read(name string, exit error) (*Result, error) {
	var found struct {
		Error *struct {
			Kind   Kind     `json:"kind"`
			Text   string   `json:"text"`
			At     []int    `json:"at"`
			Detail []string `json:"detail"`
			Files  []string `json:"files"`
		} `json:"error"`
	}
	if len(p.result) == 0 || json.Unmarshal(p.result, &found) != nil {
		how := "exit status 0"
		if exit != nil {
			how = exit.Error()
		}
		return nil, &Error{Kind: Ended, Message: fmt.Sprintf("%s ended the interpreter (%s)", name, how), Detail: tail(p.output.String())}
	}
	if e := found.Error; e != nil {
		out := &Error{Kind: e.Kind, Message: e.Text, Place: placeOf(e.At), Detail: traceback.Brief(e.Detail), Files: e.Files, Interpreter: p.opts.Python}
		return nil, out
	}
	r, err := newResult(p.opts.Python, p.output.String(), p.result)
	if err == nil {
		r.Calls = p.calls
	}
	return r, err
}

// maxOutput is how much of a configuration's output is kept.
const maxOutput = 256 << 10 // bytes

// A lastOutput keeps at least the last maxOutput bytes written to it, and at
// most twice as many.
type lastOutput struct{ buf []byte }

func (o *lastOutput) Write(p []byte) (int, error) {
	if o.buf = append(o.buf, p...); len(o.buf) > 2*maxOutput {
		o.buf = append(o.buf[:0], o.buf[len(o.buf)-maxOutput:]...)
	}
	return len(p), nil
}

func (o *lastOutput) String() string { return string(o.buf) }

// tail returns the last lines of a text.
func tail(s string) []string {
	if s = strings.TrimRight(s, "\n"); s == "" {
		return nil
	}
	lines := strings.Split(s, "\n")
	if len(lines) > shownLines {
		lines = append([]string{"…"}, lines[len(lines)-shownLines:]...)
	}
	return lines
}
