package config

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/regular"
)

// MaxFileSize bounds each file of a configuration, and each secret, in bytes.
const MaxFileSize = 4 << 20

// readFile reads a file that is small, as all files of a configuration are.
func readFile(path string) ([]byte, error) { return regular.ReadFile(path, MaxFileSize) }

// source returns the text of a file as Starlark takes it: without the mark
// that some editors put in front.
func source(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}
