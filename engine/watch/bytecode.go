package watch

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// DropStaleBytecode removes the bytecode that Python has cached for a source file
// if it is older than the source and Python would not notice: Python compares
// the size of the source and its time in whole seconds, so that a file which is
// saved twice in a second can run as it was the first time.
func DropStaleBytecode(source string) {
	name, isPython := strings.CutSuffix(filepath.Base(source), ".py")
	info, err := os.Stat(source)
	if !isPython || err != nil {
		return
	}
	cache := filepath.Join(filepath.Dir(source), "__pycache__")
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(cache, e.Name())
		if strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), ".pyc") && e.Type().IsRegular() && isStale(path, info) {
			_ = os.Remove(path) // if that fails, nothing is worse than without us
		}
	}
}

// isStale reports whether a file of bytecode claims to be of a source, but is
// older. Its head is a magic number, flags, and the time and the size of the
// source if the flags are 0 (PEP 552).
func isStale(path string, source os.FileInfo) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [16]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return false
	}
	info, err := f.Stat()
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(head[4*i:]) }
	return err == nil && word(1) == 0 && word(2) == uint32(source.ModTime().Unix()) && word(3) == uint32(source.Size()) &&
		!info.ModTime().After(source.ModTime())
}
