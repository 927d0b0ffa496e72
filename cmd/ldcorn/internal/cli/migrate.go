package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// defaultPython is the file to migrate if the command line names none.
const defaultPython = "ldconfig.py"

const defaultCaptureTimeout = 30 * time.Second

// migrateFlags are the flags of ldcorn migrate.
type migrateFlags struct {
	envFlags
	*rootOptions
	output  string
	force   bool
	exec    bool
	verify  bool
	partial bool
	python  string
	timeout time.Duration
}

// newMigrateCommand returns the command that rewrites a Python configuration in
// Starlark.
func newMigrateCommand(opts *rootOptions) *cobra.Command {
	f := &migrateFlags{rootOptions: opts}
	cmd := &cobra.Command{
		Use:         "migrate [FILE.py]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Rewrite a Python configuration in Starlark",
		Long: `Rewrite a Python configuration in Starlark.

migrate rewrites the text and runs nothing: it removes imports, os.environ["X"] becomes
env("X"), an f-string becomes a call of format, and so on. Comments and layout stay. If
some code cannot be rewritten, migrate shows its place and writes nothing. It evaluates
the result before it writes it.

With --exec, Python runs the file once, with a stand-in for ldcorn.config, and migrate
writes the resulting configuration as literals. This is for configurations that read
files or need other packages. Values of the environment, secrets too, become part of the
result; migrate names the variables.

With --verify, Python runs the file as well, and migrate compares the two plans.

Exits 0, or 1 when some code cannot be rewritten, the result has errors, or the plans
differ.`,
		Example: `  ldcorn migrate ldconfig.py
  ldcorn migrate ldconfig.py -o ldconfig.star --verify
  ldcorn migrate ldconfig.py -o ldconfig.star --exec --env-file prod.env`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.path(args)
			if err != nil {
				return err
			}
			// The interpreter has a process group of its own, which INT from a
			// terminal does not reach.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
			defer stop()
			return f.run(ctx, path, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "write to a `FILE` instead of stdout")
	flags.BoolVar(&f.force, "force", false, "overwrite an existing file")
	flags.BoolVar(&f.exec, "exec", false, "run the Python once and write its configuration as literals")
	flags.BoolVar(&f.verify, "verify", false, "run the Python once and compare the plans")
	flags.BoolVar(&f.partial, "partial", false, "write as much as can be rewritten, with comments at the rest")
	flags.StringVar(&f.python, "python", "", "the interpreter `FILE` of --exec and --verify (default as for workers: $VIRTUAL_ENV, .venv, python3)")
	durationVar(flags, &f.timeout, "timeout", defaultCaptureTimeout, "stop the Python after this `DURATION`")
	f.addFlags(flags)
	return cmd
}

// path returns the file to migrate. It checks the flags.
func (f *migrateFlags) path(args []string) (string, error) {
	if f.config == "" && len(args) == 0 {
		if _, err := os.Stat(defaultPython); errors.Is(err, os.ErrNotExist) {
			return "", usageError("this folder has no %s; name the file to migrate", defaultPython)
		}
		args = []string{defaultPython}
	}
	path, err := f.configPath(args)
	switch {
	case err != nil:
		return "", err
	case !python.Is(path):
		return "", usageError("%s is not a Python file: its name does not end in .py", shownPath(path))
	case f.exec && f.verify:
		return "", usageError("--verify compares with the result of --exec; choose one of them")
	case f.exec && f.partial:
		return "", usageError("--exec writes all or nothing; --partial is for rewriting")
	case f.timeout <= 0:
		return "", usageError("--timeout %s: want more than 0", f.timeout)
	case f.python != "" && !f.exec && !f.verify:
		return "", usageError("--python is for --exec and --verify")
	case python.Is(f.output):
		return "", usageError("-o %s: the result is Starlark; name it .star", f.output)
	}
	if f.output == "" {
		return shownPath(path), nil
	}
	folder := filepath.Dir(f.output)
	switch info, err := os.Stat(f.output); {
	case err != nil && !isFolder(folder):
		return "", &exitError{exitFailure, fmt.Errorf("-o %s: there is no folder %s", f.output, folder)}
	case err != nil:
	case info.IsDir():
		return "", usageError("-o %s: it is a folder; name the file in it", f.output)
	case !f.force:
		return "", usageError("%s already exists; use --force to overwrite it", f.output)
	}
	return shownPath(path), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// A migration is one run of the command.
type migration struct {
	*migrateFlags
	from   string // the Python file
	to     string // the result, or the name that it would have in a file
	env    map[string]string
	stderr io.Writer
}

func (f *migrateFlags) run(ctx context.Context, path string, stdout, stderr io.Writer) error {
	env, err := f.variables()
	if err != nil {
		return err
	}
	m := &migration{migrateFlags: f, from: path, to: f.output, env: env, stderr: stderr}
	if m.to == "" {
		m.to = strings.TrimSuffix(path, ".py") + ".star"
	}
	data, err := regular.ReadFile(path, config.MaxFileSize)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return fmt.Errorf("%s is not Python: it is not UTF-8 text", shownPath(path))
	}
	source := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	text, complete, err := m.translate(ctx, source)
	if err != nil {
		return err
	}
	if complete {
		if err := m.check(ctx, text); err != nil {
			return err
		}
	}
	if err := m.write(text, stdout); err != nil {
		return err
	}
	if !complete {
		return &exitError{code: exitFailure}
	}
	return nil
}

// translate returns the text of the result, and whether it has everything that the
// Python file has.
func (m *migration) translate(ctx context.Context, text string) (string, bool, error) {
	if m.exec {
		found, err := m.capture(ctx)
		if err != nil {
			return "", false, err
		}
		text, err := m.captured(found)
		return text, err == nil, err
	}
	done := m.cell.Watch("rewriting", m.from, config.DefaultTimeout)
	file, wrong := python.Parse(m.from, text)
	if wrong != nil {
		done()
		report := &diag.Report{Sources: &diag.Sources{}}
		report.Sources.Add(m.from, text)
		report.Add(*wrong)
		m.show(report)
		return "", false, &exitError{code: exitFailure}
	}
	result := file.Migrate()
	done()
	if result.Complete() {
		m.hintSecrets(result.Reads)
		return result.Text, true, nil
	}
	m.refused(file, result)
	if m.partial {
		return file.Partial(result), false, nil
	}
	fmt.Fprintf(m.stderr, "hint: nothing is written; `ldcorn migrate --exec %s -o %s` runs the Python once and writes its result,\n"+
		"      --partial writes as much as can be rewritten\n", m.from, m.to)
	return "", false, &exitError{code: exitFailure}
}

// secretName matches the names of variables that most likely hold secrets.
var secretName = regexp.MustCompile(`(?i)(passw|secret|token|private|credential|api_?key|_key$|_dsn$)`)

// hintSecrets names the variables that look like secrets. Only people know whether
// the configuration needs their values.
func (m *migration) hintSecrets(variables []string) {
	for _, name := range variables {
		if secretName.MatchString(name) {
			fmt.Fprintf(m.stderr, "hint: if %s is a secret, write secret(%q): plans and logs never show its value\n", name, name)
		}
	}
}

func (m *migration) show(report *diag.Report) {
	report.Sort(m.from)
	_ = diag.WriteText(m.stderr, report, diag.TextOptions{Color: m.color.On(os.Stderr)}) // there is nowhere left to report an error
}

// refused shows the code that cannot be rewritten.
func (m *migration) refused(file *python.File, result *python.Migration) {
	report := &diag.Report{Sources: &diag.Sources{}}
	report.Sources.Add(m.from, file.Text)
	for _, x := range result.Findings {
		if !x.Migrates {
			report.Add(diag.Diagnostic{Code: diag.CodePython, Severity: diag.Error, Span: file.Span(x), Message: x.Message, Label: x.Label})
		}
	}
	m.show(report)
}

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
			fmt.Fprintf(m.stderr, "%s: %s: %s\n", severity, message, list)
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

// check evaluates the result and, with --verify, compares its plan with the plan of
// the Python file.
func (m *migration) check(ctx context.Context, text string) error {
	got, err := m.evaluate(ctx, text, !m.verify)
	if err != nil || !m.verify {
		return err
	}
	found, err := m.capture(ctx)
	if err != nil {
		return err
	}
	literals, err := found.Starlark(config.ArgumentNames)
	if err != nil {
		return err
	}
	want, err := m.evaluate(ctx, literals, false)
	if err != nil {
		return fmt.Errorf("the result of the Python is not a configuration: %w", err)
	}
	differences := planDifferences(want, got)
	if len(differences) == 0 {
		fmt.Fprintf(m.stderr, "verified: %s gives the same plan in Python\n", m.from)
		return nil
	}
	fmt.Fprintf(m.stderr, "error: the plans of the Python and the Starlark differ:\n")
	for _, d := range differences {
		fmt.Fprintf(m.stderr, "  %s\n", d)
	}
	return &exitError{code: exitFailure}
}

// evaluate returns the plan of a result, or prints its errors.
func (m *migration) evaluate(ctx context.Context, text string, allowMissing bool) (*plan.Plan, error) {
	found, err := config.EvaluateText(ctx, m.to, text, config.Options{Env: m.env, AllowMissingEnv: allowMissing, Salt: []byte{}, Watch: m.cell.Watch})
	if err != nil {
		return nil, err
	}
	if found.Plan == nil {
		m.show(found.Report)
		return nil, &exitError{exitFailure, errors.New("the result has errors; nothing is written")}
	}
	return found.Plan, nil
}

// write writes the result.
func (m *migration) write(text string, stdout io.Writer) error {
	if m.output == "" {
		_, err := io.WriteString(terminal.Contents(stdout), text)
		return err
	}
	mode := os.FileMode(0o644)
	if m.exec {
		mode = 0o600 // it can contain secrets of the environment
	}
	if err := regular.WriteFile(m.output, []byte(text), mode); err != nil {
		return err
	}
	fmt.Fprintf(m.stderr, "wrote %s\n", m.output)
	if m.from == configNames[1] && filepath.Clean(m.output) == configNames[0] {
		fmt.Fprintf(m.stderr, "hint: this folder has both files now; remove %s, or name one with -c FILE\n", m.from)
	}
	return nil
}
