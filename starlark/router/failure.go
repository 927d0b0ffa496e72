package router

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// CodeFailed is the diagnostic code of a router that fails. It is stable.
const CodeFailed = "L032"

// errFailed is returned after the error of a call has been logged.
var errFailed = errors.New("the router failed")

// A resultError is about the value that the router returned.
type resultError struct {
	message, label string
	value          starlark.Value // what was returned
	exit           *exit          // that returned it, as far as the code alone tells
}

func (e *resultError) Error() string { return e.message }

// wrongResult returns an error for a returned value that cannot be used.
func (r *Router) wrongResult(v starlark.Value) error {
	e := &resultError{message: fmt.Sprintf("`%s` returned %s", r.Name(), value.Describe(v)), value: v, exit: r.exitWith(v, nil)}
	e.label = "return None, the name of a group, to(…), respond(…) or redirect(…)"
	switch v := v.(type) {
	case starlark.String:
		return r.unknownGroup(string(v), v)
	case starlark.Bool:
		e.label = "return None to leave a request to the routes"
	case *starlark.Function, *starlark.Builtin:
		e.label = "call it"
	case starlark.Tuple, *starlark.List, starlark.Int:
		e.label = "answer with respond(status, body), or return to(group, …)"
	}
	return e
}

// unknownGroup returns an error for a returned value that names a group which does
// not exist.
func (r *Router) unknownGroup(name string, v starlark.Value) error {
	e := &resultError{message: fmt.Sprintf("`%s` returned %s, but no group has that name", r.Name(), value.Quote(name)), value: v, exit: r.exitWith(v, nil)}
	if name == "" {
		e.label = "return None to leave a request to the routes"
	} else if near := diag.Near(name, r.opts.Groups); near != "" {
		e.label = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

// failed logs the error of a call, unless it has just logged one with the same
// position.
func (r *Router) failed(c *caller, err error, src match.Request) {
	suppressed, ok := r.errors.allow(placeOf(r.where(err)), time.Now())
	if !ok {
		return
	}
	d := r.explain(c, err, src, nil)
	attrs := []any{slog.String("at", d.Span.String()), slog.String("err", joined(shortened(d.Message), d.Label))}
	if len(d.Trace) > 0 { // otherwise it says no more than the position
		attrs = append(attrs, slog.String("backtrace", backtrace(&d, r.Name())))
	}
	attrs = append(attrs, slog.String("request", string(text(src.Method()))+" "+shortened(string(text(src.RawPath())))))
	if trace := traceOf(src); trace != "" {
		attrs = append(attrs, slog.String("trace", trace))
	}
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", suppressed))
	}
	r.opts.Log.Error("router failed", attrs...)
}

// traceOf returns the trace of a request, or "" if it names none, or several.
func traceOf(src match.Request) string {
	v, at, _ := src.NextHeader(head.KindTraceparent.String(), 0)
	if _, _, again := src.NextHeader(head.KindTraceparent.String(), at); again {
		return ""
	}
	c, _ := head.ParseTraceparent(v)
	return c.Trace.String()
}

func joined(message, label string) string {
	if label == "" {
		return message
	}
	return message + ": " + label
}

// shownPath is the largest number of bytes of client data that a log line
// shows.
const shownPath = 200

func shortened(s string) string {
	if len(s) > shownPath {
		return strings.ToValidUTF8(s[:shownPath], "") + "…"
	}
	return s
}

// backtrace returns the calls that led to a failure, innermost first.
func backtrace(d *diag.Diagnostic, name string) string {
	var out []string
	at := d.Span
	for i := len(d.Trace) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("%s in %s", at, d.Trace[i].Function))
		at = d.Trace[i].Span
	}
	return strings.Join(append(out, fmt.Sprintf("%s in %s", at, name)), ", called at ")
}

// where returns the innermost position in a file at which an error arose, or else
// that of the function.
func (r *Router) where(err error) syntax.Position {
	var result *resultError
	if errors.As(err, &result) && result.exit != nil {
		return result.exit.pos
	}
	var e *starlark.EvalError
	if errors.As(err, &e) {
		for i := len(e.CallStack) - 1; i >= 0; i-- {
			if pos := e.CallStack[i].Pos; diag.InFile(pos) {
				return pos
			}
		}
	}
	return r.opts.Func.Position()
}

// explain returns a diagnostic for the error of a call for a request.
func (r *Router) explain(c *caller, err error, src match.Request, sources *diag.Sources) diag.Diagnostic {
	d := diag.Eval(err, sources)
	var result *resultError
	if errors.As(err, &result) && result.exit == nil {
		result.exit = r.exitWith(result.value, func() syntax.Position { return r.trace(src) })
	}
	if d.Span.File == "" {
		d.Span = sources.At(r.where(err))
	}
	if result != nil && result.exit != nil {
		d.Span = result.exit.span()
	}
	switch {
	case d.Code == diag.CodeFrozen:
		// diag takes it for a conflict between two files.
		d.Message, _, _ = strings.Cut(d.Message, " belongs to")
		d.Message += " was made while the configuration was loaded and can no longer change"
		d.Label = "a router cannot keep data from one request to the next"
	case errors.As(err, &result):
		d.Label = result.label
	case c.ended != nil:
		d.Message = fmt.Sprintf("`%s` was stopped: %v", r.Name(), c.ended)
		d.Label, d.Hint = "it stopped here", "a loop may run longer than intended; `router_steps` of LdConfig allows more steps"
	}
	d.Code, d.Message, d.Label = CodeFailed, r.opts.Hidden.Text(d.Message), r.opts.Hidden.Text(d.Label)
	return d
}
