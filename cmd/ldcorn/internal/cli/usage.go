package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// flagWants describes the values of flags, by type.
var flagWants = map[string]string{
	"duration": "a duration, such as 30s or 1m30s, or a number of seconds",
	"int":      "a whole number",
	"uint64":   "a whole number, 0 or more",
	"float64":  "a number",
	"bool":     "true or false",
}

// flagError returns the error about the value of a flag in plain words. The flag
// library would name the functions that failed.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		if want, ok := flagWants[flag.Value.Type()]; ok {
			return usageError("--%s: got %q, want %s", flag.Name, invalid.GetValue(), want)
		}
	}
	if own := flagHabits[unknownFlag(err)]; own != "" {
		return usageError("unknown flag %s; %s", unknownFlag(err), own)
	}
	return err
}

// unknownFlag returns the flag that an error says is unknown, with its dashes, or
// "".
func unknownFlag(err error) string {
	var unknown *pflag.NotExistError
	switch {
	case !errors.As(err, &unknown):
		return ""
	case unknown.GetSpecifiedShortnames() != "":
		return "-" + unknown.GetSpecifiedName()
	}
	return "--" + unknown.GetSpecifiedName()
}

// checkArgs changes the errors about the number of arguments of a command, and of
// those below it: they show the usage, and say how to name a configuration if one is
// among the arguments.
func checkArgs(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
	check := cmd.Args
	if check == nil {
		if cmd.HasSubCommands() {
			return
		}
		check = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if file := configArg(cmd, args, err != nil); file != "" {
			return usageError("%s: got %q; a configuration is named with -c: %s -c %s", cmd.Name(), file, cmd.CommandPath(), file)
		}
		if own := new(exitError); err == nil || errors.As(err, &own) {
			return err // it is plain already
		}
		given := "no argument"
		if len(args) > 0 {
			given = fmt.Sprintf("%q", args)
			given = strings.Trim(given, "[]")
		}
		return usageError("%s: got %s, want %s", cmd.Name(), given, strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
}

// configArg returns the argument that is meant as the configuration, if the command
// takes one only with -c, or "". If the arguments are wrong anyway, a name that looks
// like a configuration is enough. If not, the file must exist.
func configArg(cmd *cobra.Command, args []string, wrong bool) string {
	flag := cmd.Flag("config")
	if flag == nil || flag.Hidden || flag.Changed || takesFiles.of(cmd) {
		return ""
	}
	for _, arg := range args {
		named := strings.HasSuffix(arg, ".star") || strings.HasSuffix(arg, ".py")
		info, err := os.Stat(arg)
		there := err == nil && info.Mode().IsRegular()
		if named && there || wrong && (named || there) {
			return arg
		}
	}
	return ""
}

// habits are the commands that other programs have, and what ldcorn has for them.
var habits = map[string]string{
	"start": "ldcorn run", "serve": "ldcorn run", "server": "ldcorn run", "up": "ldcorn run", "dev": "ldcorn run",
	"validate": "ldcorn check", "configtest": "ldcorn check", "verify": "ldcorn check", "lint": "ldcorn check", "adapt": "ldcorn migrate",
	"list": "ldcorn status", "info": "ldcorn status", "top": "ldcorn status --watch", "show": "ldcorn status",
	"requests": "ldcorn ps", "kill": "ldcorn stop", "down": "ldcorn stop", "quit": "ldcorn stop", "shutdown": "ldcorn stop",
	"upgrade": "ldcorn reload", "diff": "ldcorn plan", "log": "ldcorn logs", "tail": "ldcorn logs -f", "pause": "ldcorn hold", "resume": "ldcorn release",
	"init": "ldcorn migrate, or ldconfig.star.example to begin with", "doc": "ldcorn schema", "docs": "ldcorn schema", "convert": "ldcorn migrate",
}

// flagHabits are the flags that Uvicorn, Gunicorn and nginx have, and what to do
// instead.
var flagHabits = map[string]string{
	"--workers": "set instances= of WorkerGroup", "-w": "set instances= of WorkerGroup",
	"--bind": "set bind= of LdConfig", "-b": "set bind= of LdConfig", "--host": "set bind= of LdConfig", "--port": "set bind= of LdConfig", "-p": "set bind= of LdConfig", "--uds": "set bind= of LdConfig",
	"--reload": "write ldcorn reload", "-s": "write ldcorn reload, or ldcorn stop", "-t": "write ldcorn check",
	"--timeout": "set request_timeout= of WorkerGroup", "--graceful-timeout": "set drain_timeout= of WorkerGroup", "--max-requests": "set max_requests= of WorkerGroup",
	"--env-file": "set env= of WorkerGroup", "--log-level": "set uvicorn_args= of WorkerGroup", "--daemon": "use a service manager, such as systemd",
	"--app": "set app= of WorkerGroup", "--chdir": "set cwd= of WorkerGroup", "--access-logfile": "set access_log= of LdConfig", "--proxy-headers": "set trusted_proxies= of LdConfig",
	"--forwarded-allow-ips": "set trusted_proxies= of LdConfig", "--limit-max-requests": "set max_requests= of WorkerGroup", "--limit-concurrency": "set max_req_per_worker= of WorkerGroup",
}

// unknownCommand returns the error about a first word that is not a command. Often the
// word is a configuration.
func unknownCommand(root *cobra.Command, word string) error {
	if info, err := os.Stat(word); err == nil && info.Mode().IsRegular() {
		return usageError("no command is called %q; a configuration is run by ldcorn -c %s", word, word)
	}
	if own := habits[word]; own != "" {
		return usageError("no command is called %q; write %s", word, own)
	}
	var names []string
	for _, sub := range root.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := diag.Near(word, names); near != "" {
		return usageError("no command is called %q; did you mean %q?", word, near)
	}
	return usageError("no command is called %q", word)
}
