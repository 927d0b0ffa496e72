package router

import (
	"log/slog"
	"sync"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// Options are the parts of a Router. All of them are required except the last two.
type Options struct {
	Func   *starlark.Function // has one argument; frozen, as are the globals of its file
	File   func(name string) *syntax.File
	Groups []string // names that the function can return
	Steps  int
	Hidden *diag.Hidden // what messages do not quote; nil means nothing
	Log    *slog.Logger // nil disables logging
}

// A Router implements plan.Router. It starts no goroutine and needs no Close.
type Router struct {
	opts    Options
	groups  map[string]bool
	digest  string
	secrets []string
	exits   []exit
	callers sync.Pool // holds *caller

	errors, prints limiter
}

var _ plan.Router = (*Router)(nil)

// New returns the router of a function.
func New(opts Options) *Router {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	r := &Router{opts: opts, groups: make(map[string]bool)}
	for _, g := range opts.Groups {
		r.groups[g] = true
	}
	r.callers.New = func() any { return newCaller(opts.Func, opts.Steps, r.print) }
	d := newDigester(opts.File)
	r.digest, r.secrets = d.sum(opts.Func), d.secrets
	r.exits = exitsOf(opts.Func, opts.File(opts.Func.Position().Filename()))
	r.opts.File = nil // the syntax of the files is no longer needed
	return r
}

// Name returns the name of the function.
func (r *Router) Name() string { return r.opts.Func.Name() }

// Pos returns the position of the function.
func (r *Router) Pos() plan.Pos {
	pos := r.opts.Func.Position()
	return plan.Pos{File: pos.Filename(), Line: int(pos.Line), Col: int(pos.Col)}
}

// Digest returns a digest of the function's code and of everything that it can
// reach.
func (r *Router) Digest() string { return r.digest }

// Secrets returns the secrets that the function can reach.
func (r *Router) Secrets() []string { return r.secrets }

// Route calls the function for a request.
func (r *Router) Route(src match.Request) (plan.Decision, error) {
	c := r.callers.Get().(*caller)
	d, err := r.route(c, src)
	if err != nil {
		r.failed(c, err, src)
		err = errFailed
	}
	if c.thread.CallStackDepth() == 0 { // otherwise the interpreter has panicked, and its state is unknown
		r.callers.Put(c)
	}
	return d, err
}

// Try is Route for a caller that inspects the result: it logs nothing, and the
// error is a diagnostic. Print receives the output of the function.
func (r *Router) Try(src match.Request, sources *diag.Sources, print func(*starlark.Thread, string)) (plan.Decision, *diag.Diagnostic) {
	c := newCaller(r.opts.Func, r.opts.Steps, print)
	d, err := r.route(c, src)
	if err != nil {
		why := r.explain(c, err, src, sources)
		return plan.Decision{}, &why
	}
	return d, nil
}

// A decision is a value that says more than the name of a group.
type decision interface {
	starlark.Value
	Decide() *plan.Decision
}

// route calls the function and reads its result, including the edits, so that
// there are no edits if there is an error.
func (r *Router) route(c *caller, src match.Request) (plan.Decision, error) {
	v, err := c.call(src)
	if err != nil {
		return plan.Decision{}, err
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return plan.Decision{}, nil
	case starlark.String:
		if r.groups[string(v)] {
			return plan.Decision{Group: string(v)}, nil
		}
	case decision:
		d := v.Decide()
		if d.Answer == nil && !r.groups[d.Group] {
			return plan.Decision{}, r.unknownGroup(d.Group, v)
		}
		return *d, nil
	}
	return plan.Decision{}, r.wrongResult(v)
}

// print logs the output of the function at a limited rate for each position.
func (r *Router) print(thread *starlark.Thread, msg string) {
	pos := thread.CallFrame(1).Pos
	suppressed, ok := r.prints.allow(placeOf(pos), time.Now())
	if !ok {
		return
	}
	attrs := []any{slog.String("at", diag.At(pos).String()), slog.String("text", shortened(msg))}
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", suppressed))
	}
	r.opts.Log.Info("router prints", attrs...)
}
