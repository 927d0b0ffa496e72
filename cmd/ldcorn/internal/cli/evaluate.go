package cli

import (
	"context"
	"io"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// evaluateHere evaluates a configuration in this process, as the flags of a command
// say, and returns the options that it has used, too. If there is no plan, it has
// reported the mistakes to stderr.
func (o *rootOptions) evaluateHere(ctx context.Context, path string, env *envFlags, set *setFlags, python *pythonFlags, stderr io.Writer) (*config.Result, config.Options, error) {
	opts := config.Options{Print: stderr, Watch: o.cell.Watch}
	if err := python.check(); err != nil {
		return nil, opts, err
	}
	var err error
	if opts.Set, err = set.values(); err != nil {
		return nil, opts, err
	}
	if err := env.apply(&opts); err != nil {
		return nil, opts, err
	}
	python.Env = opts.Env
	python.Apply(&opts, o.cell)
	res, err := config.Evaluate(ctx, shownPath(path), opts)
	if err != nil {
		return nil, opts, err
	}
	if res.Plan == nil {
		writeReport(stderr, res.Report, textOptions(o.color))
		return nil, opts, &exitError{code: exitFailure}
	}
	return res, opts, nil
}
