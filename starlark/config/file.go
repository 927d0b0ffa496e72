package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// MaxFileSize is the largest size in bytes of a configuration file or a secret.
const MaxFileSize = 4 << 20

// readFile reads a file of at most MaxFileSize.
func readFile(path string) ([]byte, error) { return regular.ReadFile(path, MaxFileSize) }

// source returns the text of a file without the byte order mark that some
// editors write.
func source(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}

// A missingFile is an error about a file that the user has named and that does not
// exist. It wraps the error of the system.
type missingFile struct {
	text string
	err  error
}

func (e *missingFile) Error() string { return e.text }
func (e *missingFile) Unwrap() error { return e.err }

// missing returns the error for a file that does not exist. It names one in the same
// folder that the user can have meant.
func missing(path string, err error) error {
	text := "there is no file " + path
	if near := beside(path); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return &missingFile{text, err}
}

// maxBeside is how many files of a folder are looked at.
const maxBeside = 1000

// beside returns the path of a file with a similar name and the same extension in the
// same folder, or "".
func beside(path string) string {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return ""
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxBeside) // what can be read is enough
	ext := filepath.Ext(path)
	var stems []string
	for _, name := range names {
		if stem, same := strings.CutSuffix(name, ext); same {
			stems = append(stems, stem)
		}
	}
	near := diag.Near(strings.TrimSuffix(filepath.Base(path), ext), stems)
	if near == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(path), near+ext)
}

// innermost returns an error without the path that it is about.
func innermost(err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		return cause.Err
	}
	return err
}
