package cli

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/loader"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/masterlog"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine"
	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/installed"
	"github.com/ldcorn/ldcorn/engine/orphan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// runOptions are the flags of ldcorn run, and of ldcorn without a command.
type runOptions struct {
	*rootOptions
	python    pythonFlags
	set       setFlags
	envFiles  []string
	logFormat masterlog.Format
	logLevel  string
	verbose   bool
	quiet     bool
	watch     watchFlag
}

func (o *runOptions) addFlags(flags *pflag.FlagSet) {
	o.set.addFlags(flags)
	flags.StringArrayVar(&o.envFiles, "env-file", nil, "read variables from a `FILE` such as .env, for the configuration and the workers (repeatable)")
	o.python.addFlags(flags)
	flags.StringVar((*string)(&o.logFormat), "log-format", string(masterlog.Text), "log in a `FORMAT`: text or json")
	flags.StringVar(&o.logLevel, "log-level", "info", "log from this `LEVEL` on: debug, info, warn or error")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "on a terminal, show each change of a worker's state and Uvicorn's own lines")
	o.watch.addFlag(flags)
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "on a terminal, show no line for each request")
}

func newRunCommand(o *runOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the master in the foreground (also without a command)",
		Long: `run starts every worker of the configuration and serves once all are ready.

Signals:

  TERM, INT  stop: finish requests in flight within shutdown_timeout. The second
             signal stops at once. With shutdown_delay, ldcorn serves for that long
             first, and one more signal ends the delay.
  QUIT       stop in the same way. However often it comes, it cuts no request.
  HUP        read the configuration and the code again. If that fails,
             everything stays as it is.
  USR1       open the file of access_log again, after it was moved away.

--set gives an argument of the configuration, arg("workers", 2), another value, here
and in every later reload. "ldcorn args" lists the arguments.

--env-file reads variables from a file, at the start and again for each reload. The
configuration sees them with env("NAME") and secret("NAME"), and the workers get them as
secrets. A variable that is set in the environment wins, and a later file wins over an
earlier one.

--watch reloads what is saved, for development. A change of the configuration, of
the files that it reads, or of the Python files and the .env in the folder of an app
reloads what it concerns. If anything is wrong, the log says so, the old workers
serve, and the next save tries again. Replaced workers have a second for their
requests.

A configuration in Python (.py) is used as it is, or rewritten in memory, or else run
by Python once for each start, reload and plan. The log says which it is, and why.
--no-exec forbids Python.

On Linux, event loops serve the connections. They read and write through io_uring
if the kernel allows it. LDCORN_DRIVER in the environment chooses a driver:
io_uring, epoll, or goroutine, which serves each connection in a goroutine, as on
other systems. The log says which driver is in use.`,
		Example: `  ldcorn run
  ldcorn run --set workers=4 --env-file .env
  ldcorn run --watch
  ldcorn run -c ldconfig.star --log-format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *runOptions) run(cmd *cobra.Command) error {
	begun := time.Now()
	level := new(slog.LevelVar)
	if !api.IsLogLevel(o.logLevel) {
		return usageError("--log-level: got %q, want debug, info, warn or error", o.logLevel)
	}
	_ = level.UnmarshalText([]byte(o.logLevel)) // it knows these names
	if o.logFormat != masterlog.Text && o.logFormat != masterlog.JSON {
		return usageError("--log-format: got %q, want text or json", o.logFormat)
	}
	if err := o.python.check(); err != nil {
		return err
	}
	set, err := o.set.values()
	if err != nil {
		return err
	}
	var envFiles []string
	for _, name := range o.envFiles {
		file, err := filepath.Abs(name)
		if err != nil {
			return err
		}
		envFiles = append(envFiles, file)
	}
	path, err := o.configPath(nil)
	if err != nil {
		return err
	}
	colored := o.color.On(os.Stderr)
	lines := masterlog.New(masterlog.Options{Out: os.Stderr, Format: o.logFormat, Level: level, Colored: colored,
		Terminal: terminal.Is(os.Stderr), Verbose: o.verbose, Width: func() int { return o.color.Look(os.Stderr).Width }})
	defer lines.Close()
	log := lines.Logger()
	build := o.build.read()
	config := loader.New(path, shownPath(path), o.python.Options, envFiles, lines.Writer(), log)
	family := orphan.Adopt(log)
	options := engine.Options{
		ConfigPath: path, Installed: installed.Running().Replaced, Set: set, Load: config.Load, Preview: config.Preview, Explain: config.Explain,
		Log: log, LogLevel: level, Output: lines.Output(), Logs: lines.Book(), LostLines: lines.LostLines, Stdout: os.Stdout,
		Version: build.Version, Commit: build.Commit,
		Driver: os.Getenv("LDCORN_DRIVER"), EndOrphans: family.End,
	}
	if terminal.Is(os.Stderr) && o.logFormat != masterlog.JSON {
		told := &announcer{out: lines.Writer(), look: o.color.Look(os.Stderr), program: os.Args[0], version: build.Version, config: shownPath(path), named: o.config != "", begun: begun}
		options.Starting = told.starting
		if !o.quiet {
			options.Requests = &accesslog.Terminal{Out: lines.Requests(), Colored: colored, ASCII: told.look.ASCII, IsStdout: terminal.Is(os.Stdout)}
		}
		options.Serving = func() {
			told.serving()
			lines.Serving()
		}
	}
	options.Watch = o.watch.options(config)
	master := engine.New(options)
	err = family.While(func() error { return master.Run(cmd.Context()) })
	var start *supervisor.StartError
	switch {
	case err == nil:
		return nil
	case terminal.Is(os.Stderr) && o.logFormat != masterlog.JSON && errors.As(err, &start):
		return errors.New(start.Brief()) // the terminal shows what the worker wrote
	case o.logFormat == masterlog.JSON: // the whole log is JSON
		log.Error("failed", "err", err)
	case !writeReport(lines.Writer(), err, textOptions(o.color)):
		return err
	}
	return &exitError{code: exitFailure}
}
