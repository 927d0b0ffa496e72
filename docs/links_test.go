package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	inline  = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^(#{1,6}) (.*)$`)
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	named   = regexp.MustCompile(`<a id="([^"]+)">`)
	pointed = regexp.MustCompile(`(?:href|src|srcset)="([^"]+)"`)
	scheme  = regexp.MustCompile(`^[a-z]+:`)
)

// textOf returns a page of the repository without its blocks of code.
func textOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	require.NoError(t, err)
	return fenced.ReplaceAllString(string(text), "")
}

// markdown returns all pages of the repository, by their paths in it. It leaves
// out hidden folders and those of npm.
func markdown(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."
		switch {
		case entry.IsDir() && (hidden || entry.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			names = append(names, strings.TrimPrefix(filepath.ToSlash(name), "../"))
		}
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, names, "README.md")
	require.Contains(t, names, "docs/"+page)
	return names
}

// anchor returns the anchor that GitHub gives a heading.
func anchor(title string) string {
	title = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`).ReplaceAllString(title, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// anchors returns the anchors of a text. A heading that stands there twice gets a number.
func anchors(text string) map[string]bool {
	out := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := anchor(m[2])
		for n := 1; out[name]; n++ {
			name = anchor(m[2]) + "-" + strconv.Itoa(n)
		}
		out[name] = true
	}
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		out[m[1]] = true
	}
	return out
}

// TestLinks checks that each link of a page to this repository leads to a file or
// a folder, and its anchor to a place in it.
func TestLinks(t *testing.T) {
	checked := 0
	for _, name := range markdown(t) {
		text := inline.ReplaceAllString(textOf(t, name), "``")
		for _, m := range slices.Concat(linked.FindAllStringSubmatch(text, -1), pointed.FindAllStringSubmatch(text, -1)) {
			if scheme.MatchString(m[1]) {
				continue
			}
			checked++
			target, place, _ := strings.Cut(m[1], "#")
			file := path.Join(path.Dir(name), target)
			if target == "" {
				file = name
			}
			if _, err := os.Stat(filepath.Join("..", file)); !assert.NoError(t, err, "%s: the link %s leads nowhere", name, m[1]) {
				continue
			}
			if place != "" {
				assert.True(t, anchors(textOf(t, file))[place], "%s: the link %s: %s has no heading or anchor of that name", name, m[1], file)
			}
		}
	}
	assert.Greater(t, checked, 100)
}

// TestContents checks that a page with four sections or more links to each of them
// before the first one, in their order.
func TestContents(t *testing.T) {
	for _, name := range markdown(t) {
		if path.Dir(name) != "docs" {
			continue
		}
		text := textOf(t, name)
		var want []string
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			if m[1] == "##" {
				want = append(want, "#"+anchor(m[2]))
			}
		}
		if len(want) < 4 {
			continue
		}
		top, _, _ := strings.Cut(text, "\n## ")
		var got []string
		for _, m := range linked.FindAllStringSubmatch(top, -1) {
			if slices.Contains(want, m[1]) {
				got = append(got, m[1])
			}
		}
		assert.Equal(t, want, got, "%s: its contents, before its first section", name)
	}
}

// TestReadme_Pages checks that the README links to every page of docs.
func TestReadme_Pages(t *testing.T) {
	text := textOf(t, "README.md")
	for _, name := range markdown(t) {
		if path.Dir(name) == "docs" {
			assert.Regexp(t, `\]\(`+regexp.QuoteMeta(name)+`[)#]`, text, "the README has no link to %s", name)
		}
	}
}
