// Package installed finds out whether the program that runs is still the one at its path:
// an upgrade replaces the file, and the process goes on with the old one.
package installed

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Path returns the absolute path of this program, by the name that it was started with: a
// link stays a link, which an upgrade can point to another file.
func Path() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	named, err := exec.LookPath(os.Args[0])
	if err == nil || errors.Is(err, exec.ErrDot) {
		named, err = filepath.Abs(named)
	}
	if err == nil && same(named, self) {
		return named, nil
	}
	return self, nil
}

// same reports whether two paths lead to the same file.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// A Program is the program that runs. A nil Program is one that nobody knows.
type Program struct {
	path  string
	image string      // a path that still leads to the file that runs; "" = there is none
	begun fs.FileInfo // of the file at the start

	mu     sync.Mutex // guards all below
	seen   fs.FileInfo
	differ bool // the file as it was seen is another program
}

// Running returns the program that runs, as it is found now. The caller calls it at the
// start of the process.
func Running() *Program {
	path, err := Path()
	if err != nil {
		return nil
	}
	return newProgram(path, image)
}

func newProgram(path, image string) *Program {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return &Program{path: path, image: image, begun: info, seen: info}
}

// Replaced describes the file at the path of the program, if that is another program now
// or none. Otherwise it returns nil. Any goroutine may call it. It reads the file only
// after the file has changed.
func (p *Program) Replaced() *api.Installed {
	if p == nil {
		return nil
	}
	info, err := os.Stat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &api.Installed{Path: p.path, Gone: true}
	case err != nil:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !unchanged(info, p.seen) {
		p.seen, p.differ = info, !unchanged(info, p.begun) && !p.runs(info)
	}
	if !p.differ {
		return nil
	}
	return &api.Installed{Path: p.path, Written: info.ModTime()}
}

// unchanged reports whether two looks at a path have seen the same file.
func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// runs reports whether the file at the path has the same bytes as the program that runs.
func (p *Program) runs(info fs.FileInfo) bool {
	if p.image == "" || info.Size() != p.begun.Size() {
		return false
	}
	a, err := os.Open(p.path)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := os.Open(p.image)
	if err != nil {
		return false
	}
	defer b.Close()
	return equal(a, b)
}

// equal reports whether two files have the same bytes.
func equal(a, b io.Reader) bool {
	const size = 256 << 10
	x, y := make([]byte, size), make([]byte, size)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return ended(errA) && ended(errB)
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
