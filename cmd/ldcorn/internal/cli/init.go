package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/format"
)

// initFlags are the flags of ldcorn init.
type initFlags struct {
	*rootOptions
	force  bool
	stdout bool

	unusable string // what is wrong with the project's file of variables
}

// newInitCommand returns the command that writes a first configuration for the app
// of a folder.
func newInitCommand(opts *rootOptions) *cobra.Command {
	f := &initFlags{rootOptions: opts}
	cmd := &cobra.Command{
		Use:         "init [FOLDER] [-]",
		Annotations: traits(evaluates, noConfig),
		Short:       "Write a configuration for the app in a folder",
		Long: `Write a configuration, ldconfig.star, for the app in a folder, by default this one.

init looks for apps of FastAPI, Starlette, Litestar, Quart, Django and others, and for
factories of apps. It only reads files, and runs and imports nothing. If there are several
apps, it takes the likeliest and names the others in comments, as it does with websockets,
paths that look slow, and what a Procfile, a Dockerfile or the configuration of Gunicorn
says. A virtual environment becomes python=, and .env becomes env=. With - or --stdout it
prints the configuration.

Exits 0, or 1 when there is no app to serve; then it writes nothing and says what it has
found.`,
		Example: `  ldcorn init
  ldcorn init backend
  ldcorn init - | less
  ldcorn init --force`,
		Args: func(_ *cobra.Command, args []string) error {
			for _, arg := range args {
				if appName.MatchString(arg) && !isFolder(arg) {
					return usageError("init: got the app %q, want a folder; init finds the app itself", arg)
				}
			}
			if len(args) > 1 && args[len(args)-1] != "-" || len(args) > 2 {
				return usageError("init: got %d arguments, want one folder", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
			defer stop()
			folder := "."
			for _, arg := range args {
				if arg == "-" {
					f.stdout = true
				} else {
					folder = arg
				}
			}
			return f.run(ctx, folder, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite an existing ldconfig.star, or write beside an ldconfig.py")
	cmd.Flags().BoolVar(&f.stdout, "stdout", false, "print the configuration, and write no file")
	return cmd
}

func (f *initFlags) run(ctx context.Context, folder string, stdout, stderr io.Writer) error {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return usageError("init: %s is a file, want a folder; init finds the app itself", folder)
	}
	if !isFolder(folder) {
		return &exitError{exitFailure, fmt.Errorf("there is no folder %s", folder)}
	}
	path := filepath.Join(folder, configNames[0])
	if err := f.mayWrite(path); err != nil {
		return err
	}
	dir, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	done := f.cell.Watch("looking at", folder, config.DefaultTimeout)
	p, err := project.Look(ctx, dir)
	done()
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted; nothing is written")
	}
	if err != nil {
		return err
	}
	if len(p.Apps) == 0 {
		f.explain(stderr, p)
		return &exitError{code: exitFailure}
	}
	text, err := f.checked(ctx, path, p)
	if err != nil {
		return err
	}
	f.remark(stderr, p)
	if f.stdout {
		_, err := terminal.Contents(stdout).Write(text)
		return err
	}
	if err := regular.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	f.next(stderr, folder, path)
	return nil
}

// mayWrite returns an error if the folder already has a configuration.
func (f *initFlags) mayWrite(path string) error {
	if f.stdout || f.force {
		return nil
	}
	python := filepath.Join(filepath.Dir(path), configNames[1])
	for _, name := range []string{path, python} {
		switch _, err := os.Lstat(name); {
		case err != nil:
		case name == python:
			return &exitError{exitFailure, fmt.Errorf("%s is a configuration already, and ldcorn runs it as it is; nothing is written\n"+
				"hint: `ldcorn check %[1]s` checks it, and `ldcorn migrate %[1]s -o %s` rewrites it", name, path)}
		default:
			return fmt.Errorf("%s already exists; use --force to overwrite it, or --stdout to print another", name)
		}
	}
	return nil
}

// checked returns the configuration of a project, formatted and evaluated. It leaves out a
// file of variables that cannot be read.
func (f *initFlags) checked(ctx context.Context, path string, p *project.Project) ([]byte, error) {
	text, err := f.evaluated(ctx, path, p)
	if broken := (*diag.Report)(nil); p.Dotenv != "" && errors.As(err, &broken) {
		f.unusable = fmt.Sprintf("%s is not used: %v", p.Dotenv, broken)
		p.Dotenv = ""
		return f.evaluated(ctx, path, p)
	}
	return text, err
}

// evaluated returns the configuration of a project, if it has no errors.
func (f *initFlags) evaluated(ctx context.Context, path string, p *project.Project) ([]byte, error) {
	text, err := format.Format(path, []byte(p.Configuration()))
	if err != nil {
		return nil, err
	}
	found, err := config.EvaluateText(ctx, path, string(text), config.Options{Salt: []byte{}, Watch: f.cell.Watch})
	switch {
	case err != nil:
		return nil, err
	case found.Plan == nil:
		return nil, fmt.Errorf("the configuration has errors; nothing is written: %w", error(found.Report))
	}
	return text, nil
}

const shownBroken = 3 // how many files that could not be read are named

// explain says why there is no configuration.
func (f *initFlags) explain(w io.Writer, p *project.Project) {
	say := func(format string, args ...any) { remark(w, format, args...) }
	switch {
	case len(p.WSGI) > 0:
		app := p.WSGI[0]
		module, name, _ := strings.Cut(app.Name, ":")
		say("ldcorn: %s is a WSGI app, and the workers serve ASGI; nothing is written", app.String())
		say("hint: install a2wsgi, write these lines to %s, and run ldcorn init again:", filepath.Join(app.Cwd, app.AppDir, "asgi.py"))
		say("  from a2wsgi import WSGIMiddleware")
		if app.Factory {
			say("  from %s import %s", module, name)
			say("  app = WSGIMiddleware(%s())", name)
		} else {
			say("  from %s import %s as wsgi_app", module, name)
			say("  app = WSGIMiddleware(wsgi_app)")
		}
	case len(p.Factory) > 0:
		say("ldcorn: no app was found, but %s makes one and needs arguments; nothing is written", terminal.Cut(p.Factory[0], 60))
		say("hint: give its parameters defaults, or call it in a module: app = create_app(…)")
	case p.Modules == 0:
		say("ldcorn: there is no Python file in %s; nothing is written", shownPath(p.Dir))
		say("hint: name the folder of the app: ldcorn init FOLDER")
	default:
		say("ldcorn: no ASGI app was found in %s; nothing is written", terminal.Count(p.Modules, "Python file"))
		say("hint: an app is a variable of a module, such as app = FastAPI(); ldconfig.star.example shows a configuration for any app")
	}
	f.unread(w, p)
}

// unread says which files were not read.
func (f *initFlags) unread(w io.Writer, p *project.Project) {
	for i, broken := range p.Broken {
		if i == shownBroken {
			remark(w, "warning: and %s", terminal.Count(len(p.Broken)-i, "more file"))
			break
		}
		remark(w, "warning: not read: %s", visible.String(broken))
	}
	if p.Cut {
		remark(w, "warning: the folder is large, and not all of it was read")
	}
}

// remark says what was found, and what the configuration cannot say.
func (f *initFlags) remark(w io.Writer, p *project.Project) {
	app := &p.Apps[0]
	remark(w, "found %s", app)
	if app.NamedBy != "" {
		fmt.Fprintf(w, "  as %s says\n", app.NamedBy)
	}
	if more := len(p.Apps) - 1; more > 0 {
		fmt.Fprintf(w, "  and %s, in comments\n", terminal.Count(more, "other app"))
	}
	if p.Dotenv != "" {
		fmt.Fprintf(w, "  with the variables of %s, for the workers\n", terminal.Cut(p.Dotenv, 60))
	}
	if f.unusable != "" {
		remark(w, "warning: %s", f.unusable)
	}
	f.unread(w, p)
	python := &p.Python
	install := map[string]string{"uv": "uv add 'uvicorn[standard]'", "poetry": "poetry add 'uvicorn[standard]'", "pipenv": "pipenv install 'uvicorn[standard]'"}[python.Tool]
	switch {
	case python.Path != "" && !python.Uvicorn:
		if install == "" {
			install = python.Path + " -m pip install 'uvicorn[standard]'"
		}
		remark(w, "hint: %s has no Uvicorn: %s", python.Path, install)
	case python.Path != "":
	case python.Broken != "":
		remark(w, "warning: %s has no interpreter; make it again", python.Broken)
	case python.Tool == "uv":
		fmt.Fprintln(w, "hint: uv sync makes .venv, where ldcorn looks for the interpreter")
	case python.Tool == "poetry":
		fmt.Fprintln(w, "hint: set python= to what `poetry env info --executable` prints")
	case python.Tool == "pipenv":
		fmt.Fprintln(w, "hint: set python= to what `pipenv --py` prints")
	}
}

// next says what was written, and what to do with it.
func (f *initFlags) next(w io.Writer, folder, path string) {
	fmt.Fprintf(w, "wrote %s\n", path)
	command := "ldcorn"
	if filepath.Clean(folder) != "." {
		command += " -c " + shellWord(path)
	}
	check := strings.Replace(command, "ldcorn", "ldcorn check", 1) + " --import"
	if _, err := os.Lstat(filepath.Join(folder, configNames[1])); err == nil {
		remark(w, "hint: this folder has both files now; remove %s, or name one with -c FILE", configNames[1])
		return
	}
	watch := strings.Replace(command, "ldcorn", "ldcorn run --watch", 1)
	fmt.Fprintf(w, "next: `%s`, and then `%s`,\n      or `%s` while you edit\n", check, command, watch)
}
