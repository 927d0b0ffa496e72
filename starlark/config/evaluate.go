package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// An evaluation runs the files that a loader has read.
type evaluation struct {
	*loader
	opts   *Options
	thread *starlark.Thread
	limit  diag.Diagnostic // the limit that stopped it

	printed int // bytes
}

var (
	errLoadFailed = errors.New("the loaded file has errors") // the errors have been reported
	errTimeout    = errors.New("evaluation took too long")
)

// run evaluates the entry. It reports every failure except the end of the
// context, which it returns.
func (e *evaluation) run(ctx context.Context, entry *module) error {
	e.thread = &starlark.Thread{Name: entry.name, Print: e.print, Load: e.load, OnMaxSteps: e.outOfSteps}
	e.session.Run(e.thread)
	e.thread.SetMaxExecutionSteps(e.opts.MaxSteps)
	limited, cancel := context.WithTimeoutCause(ctx, e.opts.Timeout, errTimeout)
	defer cancel()
	stop := context.AfterFunc(limited, func() { e.thread.Cancel(context.Cause(limited).Error()) })
	defer stop()

	err := e.exec(entry)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, errLoadFailed) {
		e.failed(err, limited)
	}
	return nil
}

// exec evaluates one file, once. The caller reports only errors of this file;
// load returns errLoadFailed for errors of the files that it loads.
func (e *evaluation) exec(m *module) (err error) {
	defer func() {
		// A bug in the interpreter must not take down a running master.
		if r := recover(); r != nil {
			err = fmt.Errorf("the interpreter failed: %v (this is a bug)", r)
		}
	}()
	defer e.watch("evaluating", m.name)()
	m.done = true
	m.globals, err = m.program.Init(e.thread, m.words)
	if name := bound.Freezable(m.globals); name != "" {
		clear(m.globals)
		if err == nil {
			e.tooMuch(m, name)
			err = errLoadFailed
		}
		return err
	}
	m.globals.Freeze()
	return err
}

// tooMuch reports a global that is too large to freeze.
func (e *evaluation) tooMuch(m *module, name string) {
	span := e.assignment(m, name)
	e.report.Add(diag.Diagnostic{Code: codeLimit, Severity: diag.Error, Span: span,
		Message: fmt.Sprintf("the value of `%s` is too large", name),
		Label:   "it holds itself, nests too deeply, or holds the same value many times",
	})
}

// load implements the load statement. The loader has read the files; a load
// that it refused never gets this far.
func (e *evaluation) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	m := e.names[thread.CallFrame(0).Pos.Filename()]
	if m == nil || m.loads[name] == nil {
		return nil, errLoadFailed
	}
	target := m.loads[name]
	if !target.done {
		if err := e.exec(target); err != nil {
			return nil, err
		}
	}
	return target.globals, nil
}

// maxPrint is the largest number of bytes that an evaluation prints.
const maxPrint = 1 << 20

func (e *evaluation) print(thread *starlark.Thread, msg string) {
	if e.printed > maxPrint {
		return
	}
	span, _ := diag.Place(thread.CallStack(), e.report.Sources)
	if e.printed += len(msg); e.printed > maxPrint {
		msg = fmt.Sprintf("print has written %d MiB; the rest is dropped", maxPrint>>20)
	}
	_, _ = io.WriteString(e.opts.Print, Printed(span, msg))
}

// Printed returns the text that print shows for msg: each line begins with the
// position of the call, so that no line can be mistaken for other output, and has no
// colors beyond its end.
func Printed(at diag.Span, msg string) string {
	place := fmt.Sprintf("%s:%d: ", at.File, at.Line)
	return place + strings.ReplaceAll(visible.Reset(msg), "\n", "\n"+place) + "\n"
}

func (e *evaluation) outOfSteps(thread *starlark.Thread) {
	e.limit = diag.Diagnostic{
		Message: fmt.Sprintf("evaluation takes more than %s steps", thousands(e.opts.MaxSteps)),
		Label:   "it stopped here",
		Hint:    "a loop may run longer than intended; `--max-steps N` allows more",
	}
	thread.Cancel("too many steps")
}

// failed reports why evaluation ended early.
func (e *evaluation) failed(err error, limited context.Context) {
	d := diag.Eval(err, e.report.Sources)
	if context.Cause(limited) == errTimeout && e.limit.Message == "" {
		e.limit = diag.Diagnostic{
			Message: fmt.Sprintf("evaluation takes longer than %s", e.opts.Timeout),
			Label:   "it stopped here",
			Hint:    "a loop may run longer than intended; `--timeout DURATION` allows more",
		}
	}
	switch {
	case e.limit.Message != "":
		d.Code, d.Message, d.Label, d.Hint = codeLimit, e.limit.Message, e.limit.Label, e.limit.Hint
	case e.session.HasUnset() && strings.Contains(d.Message, value.UnsetType):
		if !e.opts.AllowMissingEnv {
			return // it follows from an error that has been reported
		}
		d.Message = "evaluation cannot continue without the value of an unset variable"
		d.Label = "give it a default, read a number with env.int, or set it with `--env`"
	}
	e.report.Add(d)
}

// thousands formats a number with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
