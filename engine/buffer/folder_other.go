//go:build !linux

package buffer

import "os"

// checkFolder fails if a folder cannot be used.
func checkFolder(path string) error {
	_, err := os.Stat(path)
	return err
}

// openFile opens a new file without a name.
func openFile(dir string) (Store, error) { return openNamed(dir) }
