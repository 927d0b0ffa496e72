package cli

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// pythonFlags are the flags that say whether and how Python runs a configuration.
type pythonFlags struct {
	interpret.Options
}

func (f *pythonFlags) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&f.NoExec, "no-exec", false, "never let Python run a configuration, only read it")
	flags.StringVar(&f.Python, "python", "", "the `INTERPRETER` that runs a configuration in Python (default that of the workers)")
	durationVar(flags, &f.Timeout, "python-timeout", interpret.DefaultTimeout, "end a configuration that Python has run for this `DURATION`")
}

// check returns a usage error if the flags contradict each other.
func (f *pythonFlags) check() error {
	switch {
	case f.Timeout <= 0:
		return usageError("--python-timeout %s: want more than 0", f.Timeout)
	case f.NoExec && f.Python != "":
		return usageError("got --no-exec and --python, want one of them")
	}
	f.Python = fromHere(f.Python)
	return nil
}

// fromHere returns the interpreter that an option names. A path starts at the current
// folder, as for every option, and a name is looked up on PATH.
func fromHere(python string) string {
	if !strings.ContainsRune(python, filepath.Separator) {
		return python
	}
	if path, err := filepath.Abs(python); err == nil {
		return path
	}
	return python
}

// given returns the name of a flag that is given, or "".
func (f *pythonFlags) given(cmd *cobra.Command) string {
	for _, name := range []string{"no-exec", "python", "python-timeout"} {
		if cmd.Flags().Changed(name) {
			return "--" + name
		}
	}
	return ""
}

// writePython says how a configuration in Python was read.
func writePython(w io.Writer, path string, use *api.PythonUse) {
	if use == nil {
		return
	}
	remark(w, "%s", use.Sentence(path))
}

// pythonOf returns how the configuration of a plan was read if it is Python. The
// plan can be nil.
func pythonOf(p *plan.Plan) *api.PythonUse {
	if p == nil {
		return nil
	}
	return p.Python
}
