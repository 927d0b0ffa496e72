package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program returns the source of ldcorn without its tests.
func program(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range []string{"../cmd", "../engine", "../starlark"} {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			all.Write(text)
			return err
		})
		require.NoError(t, err)
	}
	return all.String()
}

// TestMessages checks that what ldcorn says according to docs/troubleshooting.md is in
// its source. An ellipsis stands for what varies.
func TestMessages(t *testing.T) {
	text, err := os.ReadFile("troubleshooting.md")
	require.NoError(t, err)
	source, checked := program(t), 0
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \|$`).FindAllStringSubmatch(string(text), -1) {
		for _, message := range quoted(row[1]) {
			for part := range strings.SplitSeq(message, "…") {
				if part = strings.TrimSpace(part); len(part) > 3 {
					checked++
					assert.True(t, strings.Contains(source, part), "docs/troubleshooting.md quotes %q, but ldcorn does not say it", part)
				}
			}
		}
	}
	assert.Greater(t, checked, 30)
}

// TestReadme_Size: the README stays short. What it has no room for is in a page of docs.
func TestReadme_Size(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(text), 10_000, "bytes")
}

// TestPictures checks that the picture for dark pages is that for light ones, in other colors.
func TestPictures(t *testing.T) {
	style := regexp.MustCompile(`(?s)<style>.*</style>`)
	color := regexp.MustCompile(`#[0-9a-f]{6}`)
	var texts [2]string
	for i, name := range []string{"images/flow-light.svg", "images/flow-dark.svg"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[i] = color.ReplaceAllString(string(text), "COLOR")
		assert.False(t, color.MatchString(style.ReplaceAllString(string(text), "")), "%s: colors belong into its style", name)
	}
	assert.Equal(t, texts[0], texts[1])
}
