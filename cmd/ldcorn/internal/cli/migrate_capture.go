package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// capture runs the Python file and returns the configuration that it makes.
func (m *migration) capture(ctx context.Context) (*capture.Result, error) {
	found, err := interpret.Options{Python: fromHere(m.python), Timeout: m.timeout, Env: m.env}.Run(ctx, m.from, m.from, m.cell)
	fault := new(capture.Error)
	if !errors.As(err, &fault) {
		if found != nil {
			_, _ = io.WriteString(m.stderr, found.Output) // there is nowhere left to report an error
		}
		return found, err
	}
	switch fault.Kind {
	case capture.TooLong:
		fault.Message += "; `--timeout DURATION` allows more"
	case capture.Unwritable:
		fault.Message = fmt.Sprintf("the result of %s cannot be written as Starlark: %s", m.from, fault.Message)
	case capture.Raised:
		fault.Message = m.from + " fails in Python"
	case capture.Syntax, capture.NoConfig:
		fault.Message = fmt.Sprintf("%s fails in Python: %s", m.from, fault.Message)
	}
	return nil, fault
}

// captured returns a captured configuration as Starlark, and says what is part of it
// or can have affected it, and what it lacks.
func (m *migration) captured(found *capture.Result) (string, error) {
	text, err := found.Starlark(config.ArgumentNames)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# The configuration that %s made when Python ran it, as literals (`ldcorn migrate --exec`).\n", filepath.Base(m.from))
	say := func(names []string, comment, severity, message string) {
		if len(names) > 0 {
			list := strings.Join(names, ", ")
			fmt.Fprintf(&out, "# %s:\n#   %s\n", comment, list)
			remark(m.stderr, "%s: %s: %s", severity, message, list)
		}
	}
	say(found.Written, "The values of these variables are part of this file", "warning", "values of the environment became part of the result; look for secrets in it")
	say(found.Used, "The values of these variables can have affected it", "hint", "these variables can have affected the result, which does not read them")
	say(found.Unset, "These variables were not set, which can have affected it", "hint", "these variables were not set, which can have affected the result (--env NAME=VALUE sets one)")
	if found.Every {
		say([]string{"os.environ"}, "All variables were read, and each can have affected it", "warning", "the Python has gone through all variables, and each can have affected the result")
	}
	if found.CPUs {
		say([]string{fmt.Sprintf("%d here", builtin.CPUs())}, "The number of CPUs can have affected it; cpu_count() is that of the machine", "warning",
			"the number of CPUs can have affected the result, which has it as a literal; cpu_count() is that of the machine")
	}
	var set []string
	for _, v := range found.Set {
		set = append(set, v.Name)
	}
	say(set, "The Python set these variables, so they are in env= of each group", "hint", "the Python set these variables, which became env= of each group")
	say(found.Removed, "The Python removed these variables, but workers still have them", "warning", "the Python removed these variables, but workers still have them")
	say(found.Refused, "The Python set these variables, which workers cannot have", "warning", "the Python set these variables, which workers cannot have: ldcorn or Uvicorn sets them")
	say(found.Path, "The Python added these folders to sys.path, which was for itself; workers have cwd=", "hint", "the Python added these folders to sys.path, which was for itself; workers have cwd=")
	var lost, process []string
	for _, l := range found.Lost {
		if l.Word == capture.OwnProcess {
			process = append(process, l.Name)
		} else {
			lost = append(lost, l.Word+"."+l.Name)
		}
	}
	say(process, "The Python changed its own process with these functions, but workers start from that of ldcorn", "warning",
		"the Python changed its own process with these functions, but workers start from that of ldcorn")
	say(lost, "The Python set these attributes, which have no meaning", "warning", "the Python set these attributes, which have no meaning and are not part of the result")
	return out.String() + "\n" + text, nil
}
