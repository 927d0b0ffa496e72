package watch

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// gitIgnore is the name of the files that say what git ignores.
const gitIgnore = ".gitignore"

// rules say what git ignores below a folder. They never change. The zero rules
// ignore nothing.
type rules struct {
	top      string              // the folder of the repository
	patterns []gitignore.Pattern // those with precedence last
}

// rulesAbove returns the rules that hold in a folder without those of its own
// .gitignore.
func rulesAbove(dir string) rules {
	top := dir
	for !isRepository(top) {
		parent := filepath.Dir(top)
		if parent == top {
			return rules{}
		}
		top = parent
	}
	r := rules{top: top}.with(filepath.Join(top, ".git", "info", "exclude"), top)
	between := strings.Split(strings.TrimPrefix(dir, top), "/")
	at := top
	for _, name := range between[:len(between)-1] {
		at = filepath.Join(at, name)
		r = r.with(filepath.Join(at, gitIgnore), at)
	}
	if r.ignores(dir, true) { // it is watched all the same, and they would leave out all of it
		return rules{}
	}
	return r
}

func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// maxIgnore limits what is read of a file of patterns.
const maxIgnore = 1 << 20 // bytes

// with returns the rules with those of a file added, which hold below dir.
func (r rules) with(path, dir string) rules {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnore {
		return r
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return r
	}
	if r.top == "" {
		r.top = dir
	}
	out := rules{top: r.top, patterns: r.patterns[:len(r.patterns):len(r.patterns)]}
	domain := r.names(dir)
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		line = strings.ReplaceAll(line, "[!", "[^") // as package path/filepath has it
		out.patterns = append(out.patterns, gitignore.ParsePattern(line, domain))
	}
	return out
}

// names returns the names on the way from the top to a path.
func (r rules) names(path string) []string {
	return strings.FieldsFunc(strings.TrimPrefix(path, r.top), func(c rune) bool { return c == '/' })
}

// ignores reports whether git ignores a file or a folder, given that it does not
// ignore the folder that it is in.
func (r rules) ignores(path string, isDir bool) bool {
	if len(r.patterns) == 0 {
		return false
	}
	return gitignore.NewMatcher(r.patterns).Match(r.names(path), isDir)
}
