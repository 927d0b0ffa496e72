package router

import (
	"fmt"
	"math"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/bound"
)

// A caller is a thread of the interpreter that calls the router, one request
// after another.
type caller struct {
	thread starlark.Thread
	fn     *starlark.Function
	args   starlark.Tuple // one
	budget uint64         // of steps
	watch  stopwatch
	ended  error // why the call was ended
}

// The clock is not looked at for calls that are over soon, and then so often
// that what doubles between two looks is no more than a few times as large.
const (
	untimedSteps = 64
	timedSteps   = 8
)

func newCaller(fn *starlark.Function, steps int, print func(*starlark.Thread, string)) *caller {
	c := &caller{fn: fn, args: make(starlark.Tuple, 1), budget: uint64(steps)}
	c.thread.Name = fn.Name()
	c.thread.Print = print
	c.thread.OnMaxSteps = c.look
	(&bound.Meter{Budget: c.budget}).Attach(&c.thread)
	return c
}

// call calls the router. A panic of the interpreter is an error, after which
// the caller cannot be used again.
func (c *caller) call(src match.Request) (v starlark.Value, err error) {
	req := newRequest(src)
	c.args[0] = req
	c.ended, c.watch = nil, stopwatch{}
	c.thread.Steps = 0
	c.thread.Uncancel()
	c.thread.SetMaxExecutionSteps(min(untimedSteps, c.budget))
	defer func() {
		req.end()
		c.args[0] = nil
		if r := recover(); r != nil {
			v, err = nil, &panicError{r}
		}
	}()
	return starlark.Call(&c.thread, c.fn, c.args, nil)
}

// look ends a call that has used up its budget. The interpreter asks it after
// as many steps as it has said.
func (c *caller) look(thread *starlark.Thread) {
	switch steps := thread.ExecutionSteps(); {
	case steps >= c.budget:
		c.end(fmt.Errorf("it takes more than %d steps", c.budget))
	case c.watch.over(plan.MaxRouterTime / 2):
		c.end(fmt.Errorf("it takes longer than %s", plan.MaxRouterTime))
	default:
		thread.SetMaxExecutionSteps(min(steps+timedSteps, c.budget))
	}
}

func (c *caller) end(why error) {
	c.ended = why
	c.thread.SetMaxExecutionSteps(math.MaxUint64)
	c.thread.Cancel(why.Error())
}

// A panicError is a fault of the interpreter, or of a word.
type panicError struct{ value any }

func (e *panicError) Error() string {
	return fmt.Sprintf("the interpreter failed: %v (this is a bug)", e.value)
}
