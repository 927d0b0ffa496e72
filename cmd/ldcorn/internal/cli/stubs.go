package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/reference"
)

// stubsName is the name of the file that type checkers look for in the root of a
// project.
const stubsName = "__builtins__.pyi"

// newStubsCommand returns the command that writes the stub file for editors.
func newStubsCommand() *cobra.Command {
	out := stubsName
	cmd := &cobra.Command{
		Use:         "stubs",
		Annotations: traits(noConfig),
		Short:       "Write the words of the configuration as a stub file for editors",
		Long: `Write the words of the configuration as a Python stub file, ` + stubsName + `.

Pyright, and editors that use it, find it in the root of a project, and then complete,
explain and check the arguments in ldconfig.star. Write it again after an upgrade.`,
		Example: `  ldcorn stubs                     into this folder
  ldcorn stubs -o ~/src/app        into another one
  ldcorn stubs -o -                to standard output`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "-" {
				return reference.WriteStub(cmd.OutOrStdout())
			}
			path, err := writeStubs(out)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", path)
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", out, "write to a `FILE`, into a folder, or to standard output (-)")
	return cmd
}

// writeStubs writes the stub file and returns its path. It overwrites only an older
// stub file.
func writeStubs(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, stubsName)
	}
	var text bytes.Buffer
	if err := reference.WriteStub(&text); err != nil {
		return "", err
	}
	old, err := regular.ReadFile(path, config.MaxFileSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case !bytes.HasPrefix(old, []byte(reference.StubMark)):
		return "", fmt.Errorf("%s exists and is not from ldcorn; remove it, or write elsewhere with -o and join the two", path)
	}
	return path, regular.WriteFile(path, text.Bytes(), 0o644)
}
