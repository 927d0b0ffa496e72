package config

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/regular"
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
