package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/starlark/reference"
)

func TestConfigPath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	touch := func(name string) { require.NoError(t, os.WriteFile(name, nil, 0o600)) }
	code := exitUsage
	check := func(o rootOptions, args []string, want, wantErr string) {
		t.Helper()
		got, err := o.configPath(args)
		if wantErr != "" {
			require.ErrorContains(t, err, wantErr)
			assert.Equal(t, code, exitCode(new(bytes.Buffer), newRootCommand(&rootOptions{}), err, true))
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	code = exitFailure
	check(rootOptions{}, nil, "", "neither ldconfig.star nor ldconfig.py")
	code = exitUsage
	touch("ldconfig.py")
	check(rootOptions{}, nil, filepath.Join(dir, "ldconfig.py"), "")
	touch("ldconfig.star")
	check(rootOptions{}, nil, "", "both")
	require.NoError(t, os.Remove("ldconfig.py"))
	check(rootOptions{}, nil, filepath.Join(dir, "ldconfig.star"), "")
	check(rootOptions{config: "x/../a.star"}, nil, filepath.Join(dir, "a.star"), "")
	check(rootOptions{}, []string{"b.star"}, filepath.Join(dir, "b.star"), "")
	check(rootOptions{config: "a.star"}, []string{"b.star"}, "", "want one of them")

	assert.Equal(t, "b.star", shownPath(filepath.Join(dir, "b.star")))
	assert.Equal(t, "/etc/b.star", shownPath("/etc/b.star"))
}

func TestExitCode(t *testing.T) {
	broken := errors.New("broken")
	noApp := &supervisor.StartError{Group: "web", Err: broken, Hint: "set cwd="}
	for name, c := range map[string]struct {
		err     error
		started bool
		code    int
		stderr  string
	}{
		"fine":    {nil, true, 0, ""},
		"failure": {broken, true, 1, "ldcorn: broken\n"},
		"usage":   {broken, false, 2, "ldcorn: broken\nhint: ldcorn -h shows the commands\n"},
		"own":     {&exitError{3, broken}, true, 3, "ldcorn: broken\n"},
		"no app":  {fmt.Errorf("start: %w", noApp), true, 1, "web\": worker 0: broken\nhint: set cwd=\n"},
		"silent":  {&exitError{code: 3}, true, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, c.code, exitCode(&stderr, newRootCommand(&rootOptions{}), c.err, c.started))
			assert.Contains(t, stderr.String(), c.stderr)
			assert.Equal(t, c.stderr == "", stderr.Len() == 0)
		})
	}
}

func TestCommandLine(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":     {[]string{"versoin"}, `no command is called "versoin"; did you mean "version"?`},
		"nothing like it":     {[]string{"frobnicate"}, `no command is called "frobnicate"`},
		"three letters":       {[]string{"foo"}, `no command is called "foo"`},
		"a habit":             {[]string{"serve"}, `no command is called "serve"; write ldcorn run`},
		"a habit's flag":      {[]string{"--workers", "3"}, "unknown flag --workers; set instances= of WorkerGroup"},
		"in short":            {[]string{"-w", "3"}, "unknown flag -w; set instances= of WorkerGroup"},
		"of a command":        {[]string{"run", "--reload"}, "unknown flag --reload; write ldcorn run --watch, or ldcorn reload to reload once"},
		"letters swapped":     {[]string{"lgos"}, `did you mean "logs"?`},
		"no request":          {[]string{"explain", "a b c"}, `"a b c" is not a request; write one as "GET /path"`},
		"configuration":       {[]string{"root_test.go"}, "a configuration is run by ldcorn -c root_test.go"},
		"to run":              {[]string{"run", "root_test.go"}, `run: got "root_test.go"; a configuration is named with -c: ldcorn run -c root_test.go`},
		"to show":             {[]string{"status", "gone.star"}, "ldcorn status -c gone.star"},
		"to reload":           {[]string{"reload", "--all", "gone.py"}, "ldcorn reload -c gone.py"},
		"to stop":             {[]string{"stop", "web", "gone.py"}, "ldcorn stop -c gone.py"},
		"to restart":          {[]string{"restart", "../../../../examples/quickstart/ldconfig.star"}, "ldcorn restart -c ../../../../examples/quickstart/ldconfig.star"},
		"to read":             {[]string{"logs", "../../../../examples/quickstart/ldconfig.star"}, "ldcorn logs -c ../../../../examples/quickstart/ldconfig.star"},
		"named already":       {[]string{"run", "-c", "a.star", "b.star"}, `run: got "b.star", want ldcorn run`},
		"an app":              {[]string{"main:app"}, `"main:app" is an app, and ldcorn runs a configuration: ldcorn init writes one`},
		"an app to run":       {[]string{"run", "main:app"}, `"main:app" is an app, and ldcorn runs a configuration: ldcorn init writes one`},
		"a Python file":       {[]string{"check_import.py"}, "check_import.py is no configuration; ldcorn init writes one"},
		"a flag's name":       {[]string{"run", "--quite"}, "unknown flag --quite; did you mean --quiet?"},
		"word and flag":       {[]string{"serve", "main:app", "--port", "80"}, `no command is called "serve"; write ldcorn run`},
		"app and flag":        {[]string{"main:app", "--reload"}, `"main:app" is an app, and ldcorn runs a configuration`},
		"of Uvicorn":          {[]string{"run", "--loop", "uvloop"}, "unknown flag --loop; it is an option of Uvicorn: write it in uvicorn_args= of WorkerGroup"},
		"no Python anyway":    {[]string{"fmt", "--no-exec"}, "unknown flag --no-exec; leave it out: this command runs no Python"},
		"Python of master":    {[]string{"reload", "--no-exec"}, "unknown flag --no-exec; give it to ldcorn run, whose reloads keep to it"},
		"no Python but it":    {[]string{"migrate", "--no-exec", "--exec", "check_import.py"}, "got --no-exec and --exec, want one of them"},
		"no Python to verify": {[]string{"migrate", "--no-exec", "--verify", "check_import.py"}, "got --no-exec and --verify, which runs the Python; want one of them"},
		"no JSON here":        {[]string{"reload", "--json"}, "unknown flag --json"},
		"a user's group":      {[]string{"run", "--group", "www"}, "unknown flag --group; set the user in the service manager"},
		"a group to show":     {[]string{"history", "--group", "web"}, "unknown flag --group; name the groups as arguments: ldcorn history web"},
		"a group to scale":    {[]string{"scale", "--group", "web"}, "unknown flag --group; name the groups as arguments: ldcorn scale web=4"},
		"groups all shown":    {[]string{"status", "--group", "web"}, "unknown flag --group; ldcorn status shows all groups, and ldcorn ps takes names of groups"},
		"TLS of Uvicorn":      {[]string{"run", "--ssl-certfile", "c"}, `unknown flag --ssl-certfile; set bind=listen("0.0.0.0:443", tls=tls("cert.pem", key="key.pem")) of LdConfig`},
		"TLS of Gunicorn":     {[]string{"--certfile", "c"}, `unknown flag --certfile; set bind=listen("0.0.0.0:443", tls=`},
		"clients of Gunicorn": {[]string{"--ca-certs", "c"}, `client_ca="ca.pem"`},
		"both formats":        {[]string{"version", "--json", "--format", "text"}, "got --json and --format text, want one of them"},
		"no such format":      {[]string{"plan", "--format", "xml"}, `--format "xml": want text or json`},
		"a log in JSON":       {[]string{"run", "--json"}, "unknown flag --json; write --log-format json"},
		"not for this":        {[]string{"version", "root_test.go"}, `version: got "root_test.go", want ldcorn version`},
		"help of nothing":     {[]string{"help", "versoin"}, `did you mean "version"?`},
		"shell":               {[]string{"completion", "ksh"}, `got "ksh", want bash, fish, powershell or zsh`},
		"too few":             {[]string{"scale"}, "scale: got no argument, want ldcorn scale GROUP=N..."},
		"no number":           {[]string{"scale", "web=x"}, `scale: got "web=x", want GROUP=N, such as api=4`},
		"duration":            {[]string{"check", "--timeout", "x"}, `--timeout: got "x", want a duration, such as 30s or 1m30s, or a number of seconds`},
		"whole number":        {[]string{"logs", "-n", "x"}, `--lines: got "x", want a whole number`},
		"no negative":         {[]string{"check", "--max-steps", "-1"}, `--max-steps: got "-1", want a whole number, 0 or more`},
		"unknown flag":        {[]string{"run", "--nosuchflag"}, "unknown flag --nosuchflag"},
		"too many":            {[]string{"version", "x", "y"}, `version: got "x" "y", want ldcorn version`},
		"no use for -c":       {[]string{"version", "-c", "x"}, "version reads no configuration; leave -c out"},
		"none for bash":       {[]string{"completion", "bash", "-c", "x"}, "completion bash reads no configuration; leave -c out"},
		"color":               {[]string{"version", "--color=blue"}, `got "blue", want auto, always or never`},
		"log level":           {[]string{"run", "--log-level=loud"}, `got "loud"`},
		"log format":          {[]string{"run", "--log-format=xml"}, `got "xml"`},
	} {
		t.Run(name, func(t *testing.T) {
			opts := &rootOptions{}
			root := newRootCommand(opts)
			root.SetArgs(c.args)
			err := root.Execute()
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, strings.Contains(c.want, "did you mean"), strings.Contains(err.Error(), "did you mean"))
			assert.Equal(t, exitUsage, exitCode(new(bytes.Buffer), root, err, opts.started))
		})
	}
}

func TestCommandsHaveExamples(t *testing.T) {
	for _, cmd := range newRootCommand(&rootOptions{}).Commands() {
		assert.NotEmpty(t, cmd.Example, cmd.Name())
		assert.NotEmpty(t, cmd.Short, cmd.Name())
		own := slices.Contains([]string{"completion", "help", "version"}, cmd.Name())
		assert.NotEqual(t, own, cmd.GroupID != "", "%s: put it into a part of commandParts", cmd.Name())
	}
}

// TestHabits: what ldcorn has for the habits of other programs exists.
func TestHabits(t *testing.T) {
	root := newRootCommand(&rootOptions{})
	commands := regexp.MustCompile(`ldcorn ([a-z]+)((?: --?[a-z]+)*)`)
	check := func(text string) {
		for _, m := range commands.FindAllStringSubmatch(text, -1) {
			if m[1] == "speaks" || m[1] == "finds" { // a sentence
				continue
			}
			cmd, _, err := root.Find([]string{m[1]})
			require.NoError(t, err)
			assert.NotSame(t, root, cmd, text)
			for _, flag := range strings.Fields(m[2]) {
				name := strings.TrimLeft(flag, "-")
				assert.True(t, cmd.Flags().Lookup(name) != nil || len(name) == 1 && cmd.Flags().ShorthandLookup(name) != nil, text)
			}
		}
	}
	for word, text := range habits {
		cmd, _, err := root.Find([]string{word})
		require.NoError(t, err)
		assert.Same(t, root, cmd, "%s is a command", word)
		check(text)
	}
	known := make(map[string]bool)
	for _, habit := range flagHabits {
		check(habit.instead)
		for _, flag := range habit.flags {
			assert.Regexp(t, `^--?[a-zA-Z0-9-]+$`, flag)
			assert.False(t, known[flag], "%s is there twice", flag)
			known[flag] = true
		}
		for _, m := range regexp.MustCompile(`(\w+)=\S* (?:.* )?of (LdConfig|WorkerGroup)`).FindAllStringSubmatch(habit.instead, -1) {
			assert.Contains(t, reference.Names(), m[2]+"."+m[1], habit.instead)
		}
	}
}

// TestFormats: every command that prints JSON has both flags for it.
func TestFormats(t *testing.T) {
	for _, cmd := range newRootCommand(&rootOptions{}).Commands() {
		flags := cmd.Flags()
		assert.Equal(t, flags.Lookup("json") != nil, flags.Lookup("format") != nil, cmd.Name())
	}
	for _, line := range []string{"version --json", "version --format json", "version --format=json --json", "schema --json", "schema --format json"} {
		root := newRootCommand(&rootOptions{})
		var out strings.Builder
		root.SetOut(&out)
		root.SetArgs(strings.Fields(line))
		require.NoError(t, root.Execute(), line)
		assert.True(t, json.Valid([]byte(out.String())), line)
	}
}

// TestHelp_Width: the help of every command fits an ordinary terminal.
func TestHelp_Width(t *testing.T) {
	var all func(cmd *cobra.Command)
	all = func(cmd *cobra.Command) {
		var out strings.Builder
		cmd.SetOut(&out)
		require.NoError(t, cmd.Help())
		for line := range strings.Lines(out.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), terminal.DefaultWidth, "%s: %s", cmd.CommandPath(), line)
		}
		for _, sub := range cmd.Commands() {
			all(sub)
		}
	}
	all(newRootCommand(new(rootOptions)))
}
