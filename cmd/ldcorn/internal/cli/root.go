package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/starlark/confine"
)

// configNames are the names of a configuration in the current folder, if the command
// line names none.
var configNames = []string{"ldconfig.star", "ldconfig.py"}

// rootOptions are the flags that every command has.
type rootOptions struct {
	config  string
	color   terminal.Color
	started bool // the command line is correct
	build   Build

	// The process that the user starts evaluates nothing itself. It starts a
	// confined process for that, which has a cell.
	confine bool
	cell    *confine.Cell
}

func newRootCommand(opts *rootOptions) *cobra.Command {
	run := &runOptions{rootOptions: opts}
	cmd := &cobra.Command{
		Use:   "ldcorn [-c FILE] [COMMAND]",
		Short: "Run groups of Uvicorn workers behind one proxy",
		Long: `ldcorn starts the worker groups of a configuration, routes requests to them,
restarts what crashes, and reloads without losing a request (kill -HUP).

Without a command it runs the master, as "ldcorn run" does. "ldcorn help exit-codes"
lists the exit codes.`,
		Example: `  ldcorn init                      write ldconfig.star for the app here
  ldcorn -c ldconfig.star          run the master in the foreground
  ldcorn check                     check ldconfig.star in this folder
  ldcorn migrate ldconfig.py       rewrite a Python configuration in Starlark
  ldcorn status                    show the running master and its workers
  kill -HUP PID                    reload the configuration and the code
  kill -USR1 PID                   open the log files again, for logrotate
  kill -QUIT PID                   finish the requests and stop, as TERM does`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return opts.start(cmd) },
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return run.run(cmd) },
	}
	cmd.PersistentFlags().StringVarP(&opts.config, "config", "c", "", "the configuration `FILE` (default ldconfig.star, then ldconfig.py, in this folder)")
	cmd.PersistentFlags().StringVar((*string)(&opts.color), "color", string(terminal.Auto), "color `WHEN`: auto (on a terminal, without NO_COLOR), always or never")
	mustComplete(cmd, "config", completeConfig)
	completeFixed(cmd, "color", terminal.Colors()...)
	run.addFlags(cmd.Flags())
	// Cobra's flag would take -v, which people expect to mean verbose.
	cmd.Flags().Bool("version", false, "show the version, as ldcorn version does")
	cmd.Version = versionText(opts.build.read())
	cmd.SetVersionTemplate("{{.Version}}\n")
	for _, part := range commandParts(opts, run) {
		cmd.AddGroup(&cobra.Group{ID: part.title, Title: part.title + ":"})
		for _, sub := range part.commands {
			sub.GroupID = part.title
			cmd.AddCommand(sub)
		}
	}
	cmd.AddCommand(newVersionCommand(opts))
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", terminal.DefaultWidth)))
	cmd.SetHelpCommand(newHelpCommand())
	addCompletion(cmd)
	for _, sub := range cmd.Commands() {
		if noConfig.of(sub) {
			sub.PersistentFlags().StringP("config", "c", "", "")
			_ = sub.PersistentFlags().MarkHidden("config") // the flag exists
		}
	}
	fill(cmd)
	return cmd
}

// A commandPart is one of the parts in which the help lists the commands.
type commandPart struct {
	title    string
	commands []*cobra.Command
}

// commandParts returns the commands, in the order of the help. Those about ldcorn
// itself, such as help, belong to no part.
func commandParts(opts *rootOptions, run *runOptions) []commandPart {
	return []commandPart{
		{"Run", []*cobra.Command{
			newRunCommand(run),
			newInitCommand(opts),
			newExportCommand(opts),
		}},
		{"Check", []*cobra.Command{
			newCheckCommand(opts),
			newTestCommand(opts),
			newPlanCommand(opts),
			newExplainCommand(opts),
			newArgsCommand(opts),
		}},
		{"Operate", []*cobra.Command{
			newReloadCommand(opts),
			newStatusCommand(opts),
			newTopCommand(opts),
			newPsCommand(opts),
			newHistoryCommand(opts),
			newLogsCommand(opts),
			newEventsCommand(opts),
			newLogLevelCommand(opts),
			newAccessLogCommand(opts),
			newScaleCommand(opts),
			newRestartCommand(opts),
			newHoldCommand(opts),
			newReleaseCommand(opts),
			newStopCommand(opts),
		}},
		{"Language", []*cobra.Command{
			newFmtCommand(opts),
			newMigrateCommand(opts),
			newSchemaCommand(opts),
			newLSPCommand(opts),
			newStubsCommand(),
		}},
	}
}

// The help lists the commands in the order of commandParts, rather than by name.
func init() { cobra.EnableCommandSorting = false }

// fill fits the help of a command, and of those below it, to an ordinary terminal.
func fill(cmd *cobra.Command) {
	cmd.Long = terminal.Reflow(cmd.Long, terminal.DefaultWidth)
	for _, sub := range cmd.Commands() {
		fill(sub)
	}
}

// start checks the common flags. Later errors are usage errors only if they say so.
func (o *rootOptions) start(cmd *cobra.Command) error {
	if f := cmd.Flags().Lookup("config"); f.Hidden && f.Changed {
		return usageError("%s reads no configuration; leave -c out", strings.TrimPrefix(cmd.CommandPath(), "ldcorn "))
	}
	if !slices.Contains(terminal.Colors(), string(o.color)) {
		return usageError("--color: got %q, want auto, always or never", o.color)
	}
	o.started = true
	if o.confine && evaluates.of(cmd) {
		return runConfined(cmd, o)
	}
	return nil
}

// configPath returns the absolute path of the configuration: the value of -c, or the
// first argument, or the file in the current folder.
func (o *rootOptions) configPath(args []string) (string, error) {
	switch {
	case o.config != "" && len(args) > 0:
		return "", usageError("got -c %s and the argument %s, want one of them", o.config, args[0])
	case o.config != "":
		return filepath.Abs(o.config)
	case len(args) > 0:
		return filepath.Abs(args[0])
	}
	var found []string
	for _, name := range configNames {
		if _, err := os.Stat(name); err == nil {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("no configuration: this folder has neither ldconfig.star nor ldconfig.py; name one with -c FILE, or write one with ldcorn init")
	case 1:
		return filepath.Abs(found[0])
	}
	return "", &exitError{exitUsage, errBothConfigs}
}

// errBothConfigs is why the configuration of a folder is not clear.
var errBothConfigs = errors.New("this folder has both ldconfig.star and ldconfig.py; name one with -c FILE")
