package tests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/router"
)

// Options control how tests are run.
type Options struct {
	Plan    *plan.Plan
	Sources *diag.Sources
	Hidden  *diag.Hidden                   // what failures do not quote; nil means nothing
	Print   func(at diag.Span, msg string) // receives the output of print in a test or a router
	// MaxSteps and Timeout limit each test, as they limit an evaluation.
	MaxSteps uint64
	Timeout  time.Duration
	Evaluate Evaluate // for t.plan; if nil, no test can use that
	// Watch is as in config.Options.
	Watch func(doing, file string, limit time.Duration) (done func())
}

// A Result is the result of one test.
type Result struct {
	Test     config.Test
	Failures []diag.Diagnostic // in the order found; empty if the test passed
	Took     time.Duration
}

// A Report holds the results of all tests.
type Report struct {
	Results  []Result
	Coverage Coverage
}

// Failed returns the number of failed tests.
func (r *Report) Failed() int {
	n := 0
	for i := range r.Results {
		if len(r.Results[i].Failures) > 0 {
			n++
		}
	}
	return n
}

// Run runs the tests one after another. It returns an error only if ctx ends.
func Run(ctx context.Context, tests []config.Test, opts Options) (*Report, error) {
	r := &runner{opts: opts, subject: subject{opts.Plan, NewExplainer(opts)}, hits: make(map[*plan.Route]int)}
	report := &Report{}
	for _, t := range tests {
		result := r.run(ctx, t)
		for i := range result.Failures {
			opts.Hidden.Cover(&result.Failures[i])
		}
		report.Results = append(report.Results, result)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	report.Coverage = r.coverage()
	return report, nil
}

// A runner runs the tests of one configuration.
type runner struct {
	opts    Options
	subject subject
	hits    map[*plan.Route]int

	ctx    context.Context // of the current test
	result *Result         // of the current test
	unseen []unseen        // of the current test
}

// NewExplainer returns the explainer that decides the requests of tests. It
// calls the router without logging, and the error of a router that fails is a
// *diag.Diagnostic.
func NewExplainer(opts Options) *decide.Explainer {
	x := decide.NewExplainer(opts.Plan)
	rt, ok := opts.Plan.Router.(*router.Router)
	if !ok {
		return x
	}
	return x.Asking(func(req match.Request) (plan.Decision, error) {
		said, why := rt.Try(req, opts.Sources, opts.print)
		if why != nil {
			return said, why
		}
		return said, nil
	})
}

func (o *Options) print(thread *starlark.Thread, msg string) {
	span, _ := diag.Place(thread.CallStack(), o.Sources)
	o.Print(span, msg)
}

var errTimeout = errors.New("the test took too long")

// run runs one test to its end, or until its evaluation fails.
func (r *runner) run(ctx context.Context, t config.Test) (out Result) {
	out.Test = t
	r.result, r.unseen = &out, nil
	start := time.Now()
	limited, cancel := context.WithTimeoutCause(ctx, r.opts.Timeout, errTimeout)
	defer cancel()
	r.ctx = limited
	thread := &starlark.Thread{Name: t.Name, Print: r.opts.print}
	thread.SetMaxExecutionSteps(r.opts.MaxSteps)
	stop := context.AfterFunc(limited, func() { thread.Cancel(context.Cause(limited).Error()) })
	defer stop()

	if r.opts.Watch != nil {
		defer r.opts.Watch("running the test "+t.Name+" of", t.Span.File, r.opts.Timeout)()
	}
	err := r.call(thread, t)
	out.Took = time.Since(start)
	if err != nil {
		d := diag.Eval(err, r.opts.Sources)
		switch {
		case limited.Err() != nil:
			d.Message = fmt.Sprintf("the test takes longer than %s", r.opts.Timeout)
		case thread.ExecutionSteps() >= r.opts.MaxSteps:
			d.Message = fmt.Sprintf("the test takes more than %d steps", r.opts.MaxSteps)
		}
		out.Failures = append(out.Failures, d)
		return out
	}
	r.blame()
	return out
}

func (r *runner) call(thread *starlark.Thread, t config.Test) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the interpreter failed: %v (this is a bug)", p)
		}
	}()
	_, err = starlark.Call(thread, t.Func, starlark.Tuple{&handle{runner: r}}, nil)
	return err
}

// fail reports a failed check. See failure for argument.
func (r *runner) fail(thread *starlark.Thread, argument string, d diag.Diagnostic) {
	r.result.Failures = append(r.result.Failures, r.failure(thread, argument, d))
}

// failure completes the diagnostic of a failed check. Argument is the argument
// whose value it points at; "" means the call itself.
func (r *runner) failure(thread *starlark.Thread, argument string, d diag.Diagnostic) diag.Diagnostic {
	stack := thread.CallStack()
	d.Code, d.Severity = codeFailed, diag.Error
	d.Span, d.Trace = diag.Place(stack, r.opts.Sources)
	if n := len(stack); n >= 2 {
		if value := argumentOf(r.opts.Sources.Call(stack[n-2].Pos), argument); value != nil {
			d.Span = r.opts.Sources.Span(value)
		}
	}
	return d
}
