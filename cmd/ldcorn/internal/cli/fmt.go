package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/format"
)

// fmtFlags are the flags of ldcorn fmt.
type fmtFlags struct {
	*rootOptions
	check bool
}

// newFmtCommand returns the command that formats configurations.
func newFmtCommand(opts *rootOptions) *cobra.Command {
	f := &fmtFlags{rootOptions: opts}
	cmd := &cobra.Command{
		Use:         "fmt [FILE...]",
		Annotations: traits(evaluates, takesFiles),
		Short:       "Format a configuration in place",
		Long: `Format a configuration in place, and print the names of files that changed.

Without FILE, fmt formats the configuration and the files that it loads. A folder stands
for all .star files in and below it, and - formats standard input to standard output. The
style is that of buildifier for files other than BUILD files: comments and the order of
everything stay. A list or call that spans several lines gets a line for each element; one
on a single line stays there.

Exits 0, or 1 when a file has syntax errors (it stays as it is) or cannot be read, or
with --check when a file is not formatted.`,
		Example: `  ldcorn fmt
  ldcorn fmt --check
  ldcorn fmt pools.star conf.d
  ldcorn fmt - < ldconfig.star`,
		ValidArgsFunction: completeConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing: show what would change, and exit 1 if anything would")
	return cmd
}

func (f *fmtFlags) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 1 && args[0] == "-" {
		return f.stream(stdin, stdout, stderr)
	}
	paths, err := f.files(args)
	if err != nil {
		return err
	}
	failed := false
	for _, path := range paths {
		old, err := regular.ReadFile(path, config.MaxFileSize)
		if err != nil {
			return err
		}
		text, ok := f.format(path, old, stderr)
		failed = failed || !ok
		if !ok || bytes.Equal(old, text) {
			continue
		}
		failed = failed || f.check
		if err := f.put(path, old, text, stdout); err != nil {
			return err
		}
	}
	if failed {
		return &exitError{code: exitFailure}
	}
	return nil
}

// put writes the new text of a file or, with --check, shows the difference.
func (f *fmtFlags) put(path string, old, text []byte, stdout io.Writer) error {
	if f.check {
		_, err := terminal.Contents(stdout).Write(diff.Diff(path, old, path+" (formatted)", text))
		return err
	}
	if err := regular.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, path)
	return err
}

// stream formats standard input.
func (f *fmtFlags) stream(stdin io.Reader, stdout, stderr io.Writer) error {
	old, err := io.ReadAll(io.LimitReader(stdin, config.MaxFileSize+1))
	if err == nil && len(old) > config.MaxFileSize {
		err = fmt.Errorf("standard input is larger than %d MiB", config.MaxFileSize>>20)
	}
	if err != nil {
		return err
	}
	text, ok := f.format("<stdin>", old, stderr)
	switch {
	case !ok:
		return &exitError{code: exitFailure}
	case !f.check:
		_, err = terminal.Contents(stdout).Write(text)
	case !bytes.Equal(old, text):
		_, err = terminal.Contents(stdout).Write(diff.Diff("<stdin>", old, "<stdin> (formatted)", text))
		err = errors.Join(err, &exitError{code: exitFailure})
	}
	return err
}

// format returns the new text of a file. If the file has errors, it prints them and
// returns false.
func (f *fmtFlags) format(path string, old []byte, stderr io.Writer) ([]byte, bool) {
	done := f.cell.Watch("formatting", path, config.DefaultTimeout)
	text, err := format.Format(path, old)
	done()
	if err != nil && !writeReport(stderr, err, textOptions(f.color)) {
		fmt.Fprintln(stderr, err)
	}
	return text, err == nil
}

// files returns the files that the arguments name.
func (f *fmtFlags) files(args []string) ([]string, error) {
	if len(args) == 0 {
		path, err := f.configPath(nil)
		if err != nil {
			return nil, err
		}
		if err := refusePython(shownPath(path)); err != nil {
			return nil, err
		}
		done := f.cell.Watch("reading", shownPath(path), config.DefaultTimeout)
		paths, err := config.Files(shownPath(path))
		done()
		if err != nil {
			return nil, err
		}
		return paths, nil
	}
	if f.config != "" {
		return nil, usageError("got -c %s and the argument %s, want one of them", f.config, args[0])
	}
	var paths []string
	for _, arg := range args {
		if arg == "-" {
			return nil, usageError("got - and files, want one of them")
		}
		if err := refusePython(arg); err != nil {
			return nil, err
		}
		below, err := starFiles(arg)
		if err != nil {
			return nil, err
		}
		paths = append(paths, below...)
	}
	return paths, nil
}

func refusePython(path string) error {
	if filepath.Ext(path) == ".py" {
		return usageError("%s is Python by its name, and fmt formats Starlark; format it with a tool for Python, such as black", path)
	}
	return nil
}

// starFiles returns the file at path or, if that is a folder, the .star files in and
// below it, except those in hidden folders.
func starFiles(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var paths []string
	err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(entry.Name(), ".") && at != path; {
		case err != nil:
			return err
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case !entry.IsDir() && filepath.Ext(at) == ".star":
			paths = append(paths, at)
		}
		return nil
	})
	return paths, err
}
