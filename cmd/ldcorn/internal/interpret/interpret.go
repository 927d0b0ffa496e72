// Package interpret runs configurations in Python that are beyond the language.
package interpret

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// DefaultTimeout limits the time that Python has for a configuration.
const DefaultTimeout = 30 * time.Second

// slack is the time for starting and ending the interpreter, beyond its limit.
const slack = 15 * time.Second

// Options control whether and how Python runs a configuration. They can be sent to
// another process.
type Options struct {
	NoExec  bool          // run no Python
	Python  string        // the interpreter, as python= names it; "" means that of the workers
	Timeout time.Duration // 0 means DefaultTimeout
	Env     map[string]string
}

// Limit returns the longest time that a run takes.
func (o Options) Limit() time.Duration {
	if o.NoExec {
		return 0
	}
	return o.timeout() + slack
}

func (o Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return DefaultTimeout
	}
	return o.Timeout
}

// Apply makes an evaluation in a cell run Python as the options say.
func (o Options) Apply(to *config.Options, cell *confine.Cell) {
	if to.NoExec = o.NoExec; o.NoExec {
		return
	}
	to.RunPython = func(ctx context.Context, file capture.File) (*capture.Result, error) {
		ctx, end := whileSignals(ctx)
		defer end()
		return o.Run(ctx, file, cell)
	}
}

// whileSignals returns a context that a signal which ends this process cancels. The
// function end then ends the process as the signal would have, after everything that
// Python has started.
func whileSignals(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	got := make(chan unix.Signal, 1)
	go func() {
		select {
		case s := <-signals:
			got <- s.(unix.Signal)
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		signal.Stop(signals)
		select {
		case s := <-got:
			_ = unix.Kill(os.Getpid(), s)
			select {} // until it ends this process
		default:
		}
	}
}

// Run runs a configuration. The cell has the process to itself meanwhile, but for the
// answers to the configuration.
func (o Options) Run(ctx context.Context, file capture.File, cell *confine.Cell) (*capture.Result, error) {
	dir, err := filepath.Abs(filepath.Dir(file.Path))
	if err != nil {
		return nil, err
	}
	interpreter, err := worker.FindPython(&plan.Group{Python: o.Python}, dir)
	if err != nil {
		return nil, err
	}
	env := os.Environ()
	for _, vars := range []map[string]string{o.Env, file.Env} { // the last one of a name counts
		for name, value := range vars {
			env = append(env, name+"="+value)
		}
	}
	defer cell.Foreign(file.Name, o.Limit())()
	var found *capture.Result
	cell.Outside(func() {
		if err = worker.CheckPython(ctx, interpreter); err != nil {
			return
		}
		found, err = capture.Run(ctx, file.Path, file.Name, capture.Options{
			Python: interpreter.Path, Timeout: o.timeout(), CPUs: builtin.CPUs(), Env: env, Words: config.PythonWords(), Answer: file.Answer,
		})
	})
	return found, err
}
