package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The archive has every page, image and schema of docs, and no code.
func TestArchive_Documents(t *testing.T) {
	d := release(t)
	dir := t.TempDir()
	output(t, exec.Command("tar", "-xzf", d.find(t, "*.tar.gz"), "-C", dir, "--strip-components=1"))
	list := output(t, exec.Command("git", "-C", d.top, "ls-files", "--cached", "docs"))
	for name := range strings.Lines(list) {
		name = strings.TrimSpace(name)
		if strings.HasSuffix(name, ".go") {
			assert.NoFileExists(t, filepath.Join(dir, name))
		} else if _, err := os.Stat(filepath.Join(d.top, name)); err == nil { // not just removed
			assert.FileExists(t, filepath.Join(dir, name))
		}
	}
	checkLinks(t, dir, "README.md", "SECURITY.md")
}

// Packages have the same pages below /usr/share/doc/ldcorn.
func TestPackages_Documents(t *testing.T) {
	d := &dist{top: checkout(t), out: t.TempDir(), version: testVersion}
	contents, err := d.contents(t.Context(), &binary{platform: host}, t.TempDir())
	require.NoError(t, err)
	dir := t.TempDir()
	for _, c := range contents {
		if name, ok := strings.CutPrefix(c.Destination, "/usr/share/doc/ldcorn/"); ok {
			data, err := os.ReadFile(c.Source)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
		}
	}
	require.FileExists(t, filepath.Join(dir, "docs", "quickstart.md"))
	checkLinks(t, dir, "README.md", "SECURITY.md")
}

// checkLinks checks that the links of a page lead to files in a folder, or elsewhere.
func checkLinks(t *testing.T, dir string, names ...string) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(dir, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, name := range names {
		pages = append(pages, filepath.Join(dir, name))
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllString(string(text), -1) {
			target, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(m, "]("), ")"), "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(page), target))
			assert.NoError(t, err, "%s has the link %s", filepath.Base(page), m)
		}
	}
}

// Links stay where the file is there, and lead to the repository otherwise.
func TestRelink(t *testing.T) {
	d := &dist{version: testVersion}
	names := []string{"README.md", "docs/a.md", "docs/images/a.png"}
	for text, want := range map[string]string{
		"[x](a.md#y)":                  "[x](a.md#y)",
		"[x](#y)":                      "[x](#y)",
		"[x](images)":                  "[x](images)",
		"![x](images/a.png)":           "![x](images/a.png)",
		"[x](../README.md)":            "[x](../README.md)",
		"[x](https://example.com/a#b)": "[x](https://example.com/a#b)",
		"[x](../examples/gpu)":         "[x](" + repository + "0123456789ab/examples/gpu)",
		"[x](../b.md#c)":               "[x](" + repository + "0123456789ab/b.md#c)",
	} {
		assert.Equal(t, want, string(d.relink("docs/b.md", []byte(text), names)))
	}
}
