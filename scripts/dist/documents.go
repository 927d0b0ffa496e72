package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// repository is where links lead to files that an archive or a package does not have.
const repository = "https://github.com/ldcorn/ldcorn/blob/"

// documents returns what people read: files of the checkout by their names in it, and
// the pages of docs with their images, schemas and configurations. Links of pages to
// other files lead to the repository, at the commit of this version.
func (d *dist) documents(names ...string) ([]file, error) {
	err := fs.WalkDir(os.DirFS(d.top), "docs", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) != ".go" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]file, len(names))
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join(d.top, name))
		if err != nil {
			return nil, err
		}
		if path.Ext(name) == ".md" {
			data = d.relink(name, data, names)
		}
		out[i] = file{name, 0o644, data}
	}
	return out, nil
}

var link = regexp.MustCompile(`\]\([^)\s]+\)`)

// relink returns a page whose links to files that are not among the names lead to the
// repository.
func (d *dist) relink(page string, text []byte, names []string) []byte {
	return link.ReplaceAllFunc(text, func(m []byte) []byte {
		target, anchor, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(string(m), "]("), ")"), "#")
		name := path.Join(path.Dir(page), target)
		there := func(s string) bool { return s == name || strings.HasPrefix(s, name+"/") }
		if target == "" || strings.Contains(target, ":") || slices.ContainsFunc(names, there) {
			return m
		}
		if anchor != "" {
			anchor = "#" + anchor
		}
		return []byte("](" + repository + d.version.Commit + "/" + name + anchor + ")")
	})
}
