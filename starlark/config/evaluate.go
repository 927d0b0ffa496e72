package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

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
	errLoadFailed = errors.New("the loaded file has errors") // reported already
	errTimeout    = errors.New("evaluation took too long")
)

// run evaluates the entry. What goes wrong is reported, except that the
// context has ended.
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

// exec evaluates one file, once. Only an error of this file itself, not of
// one it loads, is worth reporting; load tells them apart.
func (e *evaluation) exec(m *module) (err error) {
	defer func() {
		// A fault of the interpreter must not take a running master down.
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

// tooMuch reports a global that holds too much to be frozen.
func (e *evaluation) tooMuch(m *module, name string) {
	span := e.assignment(m, name)
	e.report.Add(diag.Diagnostic{Code: codeLimit, Severity: diag.Error, Span: span,
		Message: fmt.Sprintf("what `%s` holds is too much to walk through", name),
		Label:   "it holds itself, or is nested too deep, or holds one thing many times over",
	})
}

// load is the statement load. Its files have been read; those that were
// refused never get this far.
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

// maxPrint bounds what an evaluation prints, in bytes.
const maxPrint = 1 << 20

func (e *evaluation) print(thread *starlark.Thread, msg string) {
	if e.printed > maxPrint {
		return
	}
	span, _ := diag.Place(thread.CallStack(), e.report.Sources)
	if e.printed += len(msg); e.printed > maxPrint {
		msg = fmt.Sprintf("print has given %d MiB; nothing more is shown", maxPrint>>20)
	}
	_, _ = io.WriteString(e.opts.Print, Printed(span, msg))
}

// Printed is what a print at a place is shown as: each line of it with the place
// in front, so that no line can pass for one of somebody else.
func Printed(at diag.Span, msg string) string {
	place := fmt.Sprintf("%s:%d: ", at.File, at.Line)
	return place + strings.ReplaceAll(msg, "\n", "\n"+place) + "\n"
}

func (e *evaluation) outOfSteps(thread *starlark.Thread) {
	e.limit = diag.Diagnostic{
		Message: fmt.Sprintf("evaluation takes more than %s steps", thousands(e.opts.MaxSteps)),
		Label:   "it stopped here",
		Hint:    "a loop may be longer than meant; `--max-steps N` allows more",
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
			Hint:    "a loop may be longer than meant; `--timeout DURATION` allows more",
		}
	}
	switch {
	case e.limit.Message != "":
		d.Code, d.Message, d.Label, d.Hint = codeLimit, e.limit.Message, e.limit.Label, e.limit.Hint
	case e.session.HasUnset() && strings.Contains(d.Message, value.UnsetType):
		if !e.opts.AllowMissingEnv {
			return // it follows from what is reported already
		}
		d.Message = "evaluation cannot go on without the value of an unset variable"
		d.Label = "give it a default, read a number with env.int, or set it with `--env`"
	}
	e.report.Add(d)
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
