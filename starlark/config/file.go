package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const maxFileSize = 4 << 20 // bytes, of a configuration or a secret

// readFile reads a file that is small, as all files of a configuration are.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("is a folder")}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileSize {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("is larger than %d MiB", maxFileSize>>20)}
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// source returns the text of a file as Starlark takes it: without the mark
// that some editors put in front.
func source(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}
