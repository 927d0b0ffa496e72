// Package docs holds the pages and schemas of ldcorn. It has no code except tests.
package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const page = "architecture.md"

const module = "github.com/ldcorn/ldcorn/"

// A pkg is a package of ldcorn.
type pkg struct {
	name    string   // its path in the module
	imports []string // packages of ldcorn, by name, sorted, without the imports of tests
}

// row returns the row that the page should have for the package.
func (r *pkg) row(purpose string) string {
	imports := make([]string, len(r.imports))
	for i, name := range r.imports {
		imports[i] = "`" + path.Base(name) + "`"
	}
	if len(imports) == 0 {
		imports = []string{"nothing"}
	}
	return fmt.Sprintf("| `%s` | %s | %s |", r.name, purpose, strings.Join(imports, ", "))
}

// packages returns all packages of the module, by name.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	watch(t, "../go.mod", "../cmd", "../engine", "../starlark")
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "./...")
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	all := make(map[string]*pkg)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath       string
			Imports, GoFiles []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if len(p.GoFiles) == 0 { // only tests, as here
			continue
		}
		r := &pkg{name: strings.TrimPrefix(p.ImportPath, module)}
		for _, name := range p.Imports {
			if ours, ok := strings.CutPrefix(name, module); ok {
				r.imports = append(r.imports, ours)
			}
		}
		slices.Sort(r.imports)
		all[r.name] = r
	}
	require.NotEmpty(t, all)
	return all
}

// watch reads the names of files and folders, so that the go command runs the
// tests again, rather than reuse a result, after one of them has changed.
func watch(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		err := filepath.WalkDir(name, func(_ string, _ fs.DirEntry, err error) error { return err })
		require.NoError(t, err)
	}
}

// tables returns the rows of the tables below a heading of the page, cell by
// cell, without the header rows. It includes the subheadings.
func tables(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, "%s has no heading %q", page, heading)
	if next := regexp.MustCompile(`(?m)^## `).FindStringIndex(section); next != nil {
		section = section[:next[0]]
	}
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	require.NotEmpty(t, rows, "%s: no table below %q", page, heading)
	return rows
}

// quoted returns the parts of a cell that are in backticks.
func quoted(cell string) (names []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		names = append(names, m[1])
	}
	return names
}

// TestPackages checks that the page has a row for each package, which states its
// purpose and exactly which packages of ldcorn it imports.
func TestPackages(t *testing.T) {
	all := packages(t)
	rowOf := make(map[string][]string)
	for _, cells := range tables(t, "## Packages") {
		require.Len(t, cells, 3, "docs/%s: the row %v", page, cells)
		names := quoted(cells[0])
		require.Len(t, names, 1, "docs/%s: the row %v", page, cells)
		name := names[0]
		assert.NotContains(t, rowOf, name, "docs/%s has two rows for %s: remove one", page, name)
		rowOf[name] = cells
		if all[name] == nil {
			t.Errorf("docs/%s has a row for %s, which is not a package: remove the row, or rename it if the package was renamed", page, name)
		}
	}
	for name, r := range all {
		cells, found := rowOf[name]
		if !found {
			t.Errorf("docs/%s has no row for the package %s. Add it to a table below \"Packages\" and state its purpose:\n%s",
				page, name, r.row("…"))
			continue
		}
		assert.NotEmpty(t, cells[1], "docs/%s does not state the purpose of %s", page, name)
		if want := r.row(cells[1]); want != r.written(cells) {
			t.Errorf("docs/%s does not say what %s imports. %s If that is meant, make its row\n%s", page, name, r.differences(quoted(cells[2])), want)
		}
	}
}

// written returns the row of the page.
func (r *pkg) written(cells []string) string {
	return fmt.Sprintf("| `%s` | %s | %s |", r.name, cells[1], cells[2])
}

// differences describes how the imports differ from those that the page allows.
func (r *pkg) differences(allowed []string) string {
	var more, less []string
	for _, name := range r.imports {
		if !slices.Contains(allowed, path.Base(name)) {
			more = append(more, name)
		}
	}
	for _, base := range allowed {
		if !slices.ContainsFunc(r.imports, func(name string) bool { return path.Base(name) == base }) {
			less = append(less, base)
		}
	}
	var said []string
	if len(more) > 0 {
		said = append(said, fmt.Sprintf("It imports %s, which its row does not allow.", strings.Join(more, ", ")))
	}
	if len(less) > 0 {
		said = append(said, fmt.Sprintf("Its row allows %s, which it does not import.", strings.Join(less, ", ")))
	}
	if len(said) == 0 {
		said = []string{"The names are there, but in another order or form."}
	}
	return strings.Join(said, " ")
}

// TestPackages_Names checks that the last part of a path identifies a package.
func TestPackages_Names(t *testing.T) {
	seen := make(map[string]string)
	for name := range packages(t) {
		base := path.Base(name)
		assert.Empty(t, seen[base], "%s and %s have the same name: rename one of them", name, seen[base])
		seen[base] = name
	}
}

// TestImportRules checks that no package imports one that a rule forbids,
// directly or indirectly.
func TestImportRules(t *testing.T) {
	all := packages(t)
	for _, cells := range tables(t, "## Import rules") {
		require.Len(t, cells, 3)
		from, to := quoted(cells[0])[0], quoted(cells[1])[0]
		matched := false
		for name := range all {
			if !covers(from, name) {
				continue
			}
			matched = true
			if way := wayTo(all, name, to); way != nil {
				t.Errorf("%s must not import %s (docs/%s: %s), but does: %s", name, to, page, cells[2], strings.Join(way, " imports "))
			}
		}
		assert.True(t, matched, "docs/%s: a rule is about %s, which is not a package: rename it there if the package was renamed", page, from)
	}
}

// covers reports whether a pattern of a rule matches a package.
func covers(pattern, name string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return name == folder || below && strings.HasPrefix(name, folder+"/")
}

// wayTo returns a chain of imports from a package to one that the pattern
// matches, or nil.
func wayTo(all map[string]*pkg, from, pattern string) []string {
	seen := make(map[string]bool)
	var walk func(name string) []string
	walk = func(name string) []string {
		if seen[name] || all[name] == nil {
			return nil
		}
		seen[name] = true
		for _, next := range all[name].imports {
			if covers(pattern, next) {
				return []string{name, next}
			}
			if way := walk(next); way != nil {
				return append([]string{name}, way...)
			}
		}
		return nil
	}
	return walk(from)
}

// TestModules checks that the page states the purpose of each module that ldcorn
// needs directly.
func TestModules(t *testing.T) {
	watch(t, "../go.mod")
	out, err := exec.Command("go", "mod", "edit", "-json", "../go.mod").Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	require.NoError(t, json.Unmarshal(out, &mod))
	needed := make(map[string]bool)
	for _, r := range mod.Require {
		if !r.Indirect {
			needed[r.Path] = true
		}
	}
	for _, cells := range tables(t, "## Third-party modules") {
		name := quoted(cells[0])[0]
		assert.True(t, needed[name], "docs/%s has a row for the module %s, which go.mod does not require directly: remove the row", page, name)
		delete(needed, name)
	}
	for name := range needed {
		t.Errorf("docs/%s has no row for the module %s, which go.mod requires. Add one below \"Third-party modules\" that states its purpose", page, name)
	}
}
