package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
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
func flagError(cmd *cobra.Command, err error) error {
	var own *exitError
	if errors.As(err, &own) {
		return own // it is plain already
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		if want, ok := flagWants[flag.Value.Type()]; ok {
			return usageError("--%s: got %q, want %s", flag.Name, invalid.GetValue(), want)
		}
	}
	unknown := unknownFlag(err)
	if unknown == "" {
		return err
	}
	// The word before the flag can be the actual mistake, as in "start --port 80".
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return unknownCommand(cmd, words[0])
	}
	if instead := insteadOf(cmd, unknown); instead != "" {
		return usageError("unknown flag %s; %s", unknown, instead)
	}
	if near := diag.Near(strings.TrimLeft(unknown, "-"), flagNames(cmd)); near != "" {
		return usageError("unknown flag %s; did you mean --%s?", unknown, near)
	}
	return usageError("unknown flag %s", unknown)
}

// flagNames returns the names of the flags of a command that its help shows.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
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
		if app := appArg(cmd, args); app != "" && err != nil {
			return appError(app)
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

// namesConfig reports whether a Python file has the word LdConfig, as every
// configuration does.
func namesConfig(path string) bool {
	text, err := regular.ReadFile(path, config.MaxFileSize)
	return err == nil && bytes.Contains(text, []byte("LdConfig"))
}

// unknownCommand returns the error about a first word that is not a command. Often the
// word is a configuration.
func unknownCommand(root *cobra.Command, word string) error {
	if info, err := os.Stat(word); err == nil && info.Mode().IsRegular() {
		if python.Is(word) && !namesConfig(word) {
			return usageError("%s is no configuration; ldcorn init writes one for the app in this folder", word)
		}
		return usageError("no command is called %q; a configuration is run by ldcorn -c %s", word, word)
	}
	if appName.MatchString(word) {
		return appError(word)
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
