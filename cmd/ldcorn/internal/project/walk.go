package project

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The limits of a look at a folder.
const (
	maxEntries  = 50_000  // files and folders
	maxModules  = 5_000   // Python files
	maxDepth    = 12      // folders below the first
	maxFileSize = 1 << 20 // of a file, in bytes
	maxBytes    = 16 << 20
)

// A tree is the files of a folder and of those below it, by their paths in the
// folder, with slashes. Folders of environments, caches and packages of others are
// left out, and so are folders behind symbolic links.
type tree struct {
	dir      string // absolute
	modules  []string
	packages map[string]bool // folders with modules in or below them
	names    map[string]bool // files and folders
	unread   []string        // what is wrong with folders that could not be read
	cut      bool            // there is more than the limits allow
}

// walk lists a folder, the files near its top first.
func walk(ctx context.Context, dir string) (*tree, error) {
	t := &tree{dir: dir, names: map[string]bool{".": true}, packages: make(map[string]bool)}
	level := []string{"."}
	for depth := 0; len(level) > 0; depth++ {
		var below []string
		for _, folder := range level {
			entries, err := t.list(folder)
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err != nil && folder == ".":
				return nil, err
			case err != nil:
				t.unread = append(t.unread, folder+": "+reason(err))
			}
			for _, e := range entries {
				name := path.Join(folder, e.Name())
				t.names[name] = true
				switch {
				case e.IsDir() && t.wanted(name):
					below = append(below, name)
				case !e.IsDir() && strings.HasSuffix(name, ".py") && !isTest(name):
					t.addModule(name)
				}
			}
		}
		if level = below; depth == maxDepth && len(below) > 0 {
			t.cut = true
			break
		}
	}
	return t, nil
}

// reason returns why the system refused something, without the path.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// list returns the entries of a folder, by name, as far as the limit allows.
func (t *tree) list(folder string) ([]os.DirEntry, error) {
	room := maxEntries - len(t.names)
	if room <= 0 {
		t.cut = true
		return nil, nil
	}
	f, err := os.Open(filepath.Join(t.dir, folder))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(room)
	if errors.Is(err, io.EOF) { // it is empty
		err = nil
	}
	t.cut = t.cut || len(entries) == room
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, err
}

func (t *tree) addModule(name string) {
	if len(t.modules) == maxModules {
		t.cut = true
		return
	}
	t.modules = append(t.modules, name)
	for folder := path.Dir(name); folder != "." && !t.packages[folder]; folder = path.Dir(folder) {
		t.packages[folder] = true
	}
}

// others are the names of folders with code that is not the project's own.
var others = []string{"node_modules", "__pycache__", "site-packages", "__pypackages__", "build", "dist", "venv", "virtualenv"}

// wanted reports whether a folder can have the project's own code.
func (t *tree) wanted(folder string) bool {
	base := path.Base(folder)
	if strings.HasPrefix(base, ".") || slices.Contains(others, base) {
		return false
	}
	_, err := os.Lstat(filepath.Join(t.dir, folder, "pyvenv.cfg"))
	return err != nil
}

// has reports whether a folder of the tree has a file or a folder.
func (t *tree) has(folder, name string) bool { return t.names[path.Join(folder, name)] }
