package router

import (
	"fmt"
	"math"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/bound"
)

// A caller is a thread of the interpreter that calls the router for one request
// after another.
type caller struct {
	thread starlark.Thread
	fn     *starlark.Function
	args   starlark.Tuple // has one element
	budget uint64         // of steps
	watch  stopwatch
	ended  error // why the call was stopped

	eachStep bool // look at every step
}

// The caller does not check the clock in the first untimedSteps. After that, it
// checks so often that data that doubles between two checks grows only a few
// times.
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

// call calls the router. It returns a panic of the interpreter as an error,
// after which the caller must not be used again.
func (c *caller) call(src match.Request) (v starlark.Value, err error) {
	req := newRequest(src)
	c.args[0] = req
	c.ended, c.watch = nil, stopwatch{}
	c.thread.Steps = 0
	c.thread.Uncancel()
	c.thread.SetMaxExecutionSteps(min(untimedSteps, c.budget))
	if c.eachStep {
		c.thread.SetMaxExecutionSteps(1)
	}
	defer func() {
		req.end()
		c.args[0] = nil
		if r := recover(); r != nil {
			v, err = nil, &panicError{r}
		}
	}()
	return starlark.Call(&c.thread, c.fn, c.args, nil)
}

// look stops a call that has used up its budget. The interpreter calls it after
// the number of steps that it has set.
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

// A panicError is a panic in the interpreter or in a word.
type panicError struct{ value any }

func (e *panicError) Error() string {
	return fmt.Sprintf("the interpreter failed: %v (this is a bug)", e.value)
}
