package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/loader"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/unit"
	"github.com/ldcorn/ldcorn/engine/installed"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// exportSystemdFlags are the flags of ldcorn export systemd.
type exportSystemdFlags struct {
	*rootOptions
	envFlags
	set      setFlags
	python   pythonFlags
	name     string
	user     string
	program  string
	output   string
	force    bool
	version  int
	listen   []string
	writable []string
}

// newExportSystemdCommand returns the command that writes units of systemd.
func newExportSystemdCommand(opts *rootOptions) *cobra.Command {
	f := &exportSystemdFlags{rootOptions: opts}
	cmd := &cobra.Command{
		Use:         "systemd [FILE]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Write the units of systemd that run a configuration",
		Long: `Write the units of systemd that run a configuration.

export evaluates the configuration and writes a service that may do what it needs, and
little else: listen on its ports, write to its logs, folders and sockets, and read the
rest. What the apps write is not in the configuration: name it with --writable. Each
socket that the configuration takes from systemd gets a unit of its own. The comments in
the units say why a setting is there.

--set, --env-file, --no-exec, --python and --python-timeout become options of the
service, as for ldcorn run. The service reads other variables from the file
environment in the folder /etc/NAME.

Exits 0, or 1 when the configuration has errors or a file is there already.`,
		Example: `  ldcorn export systemd
  ldcorn export systemd -c /srv/app/ldconfig.star --user app
  ldcorn export systemd --writable /srv/app/uploads
  sudo ldcorn export systemd -o /etc/systemd/system
  ldcorn export systemd --listen admin=127.0.0.1:9000 --systemd-version 257`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.configPath(args)
			if err != nil {
				return err
			}
			return f.run(cmd, path)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "ldcorn", "the `NAME` of the service")
	flags.StringVar(&f.user, "user", "ldcorn", "the `USER` that runs it")
	flags.StringVar(&f.program, "program", "", "the `FILE` of ldcorn that it runs (default this one)")
	flags.StringVarP(&f.output, "output", "o", "-", "write the units into a `FOLDER`, or - for stdout")
	flags.BoolVar(&f.force, "force", false, "overwrite existing units")
	flags.IntVar(&f.version, "systemd-version", 0, fmt.Sprintf("write for this `VERSION` of systemd, %d or later (default the one of this machine, or else %d)", unit.MinVersion, unit.DefaultVersion))
	flags.StringArrayVar(&f.listen, "listen", nil, "where systemd listens for bind=\"systemd:NAME\", as `NAME=ADDRESS`, or the address alone for \"systemd\" (repeatable)")
	flags.StringArrayVar(&f.writable, "writable", nil, "a `FOLDER` that the apps write to (repeatable)")
	f.set.addFlags(flags)
	f.envFlags.addFlags(flags)
	f.python.addFlags(flags)
	for _, name := range []string{"output", "writable"} {
		mustComplete(cmd, name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		})
	}
	return cmd
}

func (f *exportSystemdFlags) run(cmd *cobra.Command, path string) error {
	opts, err := f.options(cmd)
	if err != nil {
		return err
	}
	p, err := f.evaluate(cmd.Context(), path, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	f.look(p, &opts, cmd.ErrOrStderr())
	files, remarks, err := unit.Write(p, opts)
	if err != nil {
		return &exitError{exitFailure, err}
	}
	for _, r := range remarks {
		remark(cmd.ErrOrStderr(), "warning: %s", r)
	}
	if f.output == "-" {
		return writeUnits(terminal.Contents(cmd.OutOrStdout()), files)
	}
	return f.write(cmd.ErrOrStderr(), files)
}

// Names that units and users can have.
var (
	serviceName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)
	userName    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$`)
)

// options returns the options that the flags set, and checks them.
func (f *exportSystemdFlags) options(cmd *cobra.Command) (unit.Options, error) {
	out := unit.Options{Name: strings.TrimSuffix(f.name, ".service"), User: f.user, Version: f.version, Listen: make(map[string]string),
		Exists: func(path string) bool { _, err := os.Stat(path); return err == nil }}
	switch {
	case !serviceName.MatchString(out.Name):
		return out, usageError("--name %q: want letters, digits, \"-\", \"_\" and \".\"", f.name)
	case !userName.MatchString(out.User):
		return out, usageError("--user %q: want the name of a user", f.user)
	case f.version != 0 && f.version < unit.MinVersion:
		return out, usageError("--systemd-version %d: want %d or later", f.version, unit.MinVersion)
	case f.force && f.output == "-":
		return out, usageError("--force is for -o FOLDER")
	}
	if out.Version == 0 {
		out.Version = f.findVersion(cmd.Context(), cmd.ErrOrStderr())
	}
	for _, l := range f.listen {
		name, address, named := strings.Cut(l, "=")
		if !named {
			name, address = "", l
		}
		if address == "" || strings.ContainsAny(address, " \t\n") {
			return out, usageError("--listen %q: want NAME=ADDRESS, such as http=80", l)
		}
		out.Listen[name] = address
	}
	for _, dir := range f.writable {
		path, err := filepath.Abs(dir)
		if err != nil {
			return out, err
		}
		out.Writable = append(out.Writable, path)
	}
	var err error
	if out.Args, err = f.arguments(cmd); err != nil {
		return out, err
	}
	out.Program, err = f.programPath()
	return out, err
}

// arguments returns the options of ldcorn run that the service has.
func (f *exportSystemdFlags) arguments(cmd *cobra.Command) (out []string, err error) {
	for _, nv := range f.set.given {
		out = append(out, "--set", nv)
	}
	for _, name := range f.envFiles {
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		out = append(out, "--env-file", path)
	}
	if err := f.python.check(); err != nil {
		return nil, err
	}
	if f.python.NoExec {
		out = append(out, "--no-exec")
	}
	if f.python.Python != "" {
		out = append(out, "--python", f.python.Python)
	}
	if cmd.Flags().Changed("python-timeout") {
		out = append(out, "--python-timeout", f.python.Timeout.String())
	}
	return out, nil
}

// programPath returns the absolute path of ldcorn for the service: by the name that this
// program was started with, which an upgrade may point to another file.
func (f *exportSystemdFlags) programPath() (string, error) {
	if f.program != "" {
		return filepath.Abs(f.program)
	}
	return installed.Path()
}

// findVersion returns the version of systemd of this machine, or a usual one.
func (f *exportSystemdFlags) findVersion(ctx context.Context, stderr io.Writer) int {
	var said []byte
	f.cell.Outside(func() { said, _ = exec.CommandContext(ctx, "systemctl", "--version").Output() })
	version := unit.ParseVersion(string(said))
	switch {
	case version == 0:
		remark(stderr, "note: there is no systemd on this machine; the units are for version %d (--systemd-version)", unit.DefaultVersion)
		return unit.DefaultVersion
	case version < unit.MinVersion:
		return unit.MinVersion
	}
	return version
}

// evaluate returns the plan of a configuration, or prints its errors.
func (f *exportSystemdFlags) evaluate(ctx context.Context, path string, stderr io.Writer) (*plan.Plan, error) {
	opts := config.Options{Print: stderr, Salt: []byte{}, Watch: f.cell.Watch}
	if err := f.envFlags.apply(&opts); err != nil {
		return nil, err
	}
	var err error
	if opts.Set, err = f.set.values(); err != nil {
		return nil, err
	}
	f.python.Env = opts.Env
	f.python.Apply(&opts, f.cell)
	p, _, err := loader.Evaluate(ctx, shownPath(path), opts)
	if err != nil && writeReport(stderr, err, textOptions(f.color)) {
		return nil, &exitError{code: exitFailure}
	}
	return p, err
}

// servicePath is the PATH of a service.
var servicePath = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// look finds what the groups need on this machine: their interpreters and apps.
func (f *exportSystemdFlags) look(p *plan.Plan, opts *unit.Options, stderr io.Writer) {
	said := make(map[string]bool)
	warn := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !said[text] {
			said[text] = true
			remark(stderr, "warning: %s", text)
		}
	}
	dir := filepath.Dir(p.Path)
	for _, g := range p.Groups {
		python, err := worker.FindPython(g, dir)
		if err != nil {
			warn("group %q: %v", g.Name, err)
			continue
		}
		opts.Pythons = append(opts.Pythons, pythonFiles(python.Path)...)
		venv := os.Getenv("VIRTUAL_ENV")
		switch {
		case g.Python == "" && venv != "" && python.Path == filepath.Join(venv, "bin", "python"):
			opts.Venv = venv
		case strings.ContainsRune(g.Python, '/'), strings.HasPrefix(python.Path, dir+"/"):
		case !slices.Contains(servicePath, filepath.Dir(python.Path)):
			warn("group %q runs %s, which a service does not find: write python=%q", g.Name, python.Path, python.Path)
		}
		spec := worker.Spec{Group: g}
		if g.Cwd != "" {
			opts.Apps = append(opts.Apps, spec.AppFolder())
		}
	}
}

// pythonFiles returns the paths that an interpreter needs: itself, and the installation
// that the virtual environment of it is made from.
func pythonFiles(path string) []string {
	out := []string{path}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		out = append(out, real)
	}
	return out
}

// writeUnits prints units, each after its path if there are several.
func writeUnits(w io.Writer, files []unit.File) error {
	for i, file := range files {
		text := file.Text
		if len(files) > 1 {
			text = "# " + filepath.Join(unit.Folder, file.Name) + "\n" + text
			if i > 0 {
				text = "\n" + text
			}
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// write writes units into the folder, all or none, and says what to do with them.
func (f *exportSystemdFlags) write(stderr io.Writer, files []unit.File) error {
	if !isFolder(f.output) {
		return &exitError{exitFailure, fmt.Errorf("-o %s: there is no such folder", f.output)}
	}
	var names []string
	for _, file := range files {
		path := filepath.Join(f.output, file.Name)
		if _, err := os.Lstat(path); err == nil && !f.force {
			return &exitError{exitFailure, fmt.Errorf("%s already exists; use --force to overwrite it", path)}
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		names = append(names, file.Name)
	}
	for _, file := range files {
		path := filepath.Join(f.output, file.Name)
		if err := regular.WriteFile(path, []byte(file.Text), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(stderr, "wrote %s\n", path)
	}
	slices.Reverse(names) // sockets first
	remark(stderr, "next: `systemctl daemon-reload`, and then `systemctl enable --now %s`", strings.Join(names, " "))
	return nil
}
