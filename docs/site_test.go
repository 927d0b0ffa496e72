package docs

import (
	"path/filepath"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// namedBy returns the pages that a part of the navigation of the site names.
func namedBy(entry any) (names []string) {
	switch entry := entry.(type) {
	case string:
		return []string{entry}
	case []map[string]any:
		for _, e := range entry {
			names = append(names, namedBy(e)...)
		}
	case []any:
		for _, e := range entry {
			names = append(names, namedBy(e)...)
		}
	case map[string]any:
		for _, e := range entry {
			names = append(names, namedBy(e)...)
		}
	}
	return names
}

// TestSite_Navigation checks that the navigation of the site names each page of docs.
// make site, which takes longer, checks the others, too.
func TestSite_Navigation(t *testing.T) {
	watch(t, "../scripts/site/zensical.toml")
	var config struct {
		Project struct {
			Nav any `toml:"nav"`
		} `toml:"project"`
	}
	_, err := toml.DecodeFile("../scripts/site/zensical.toml", &config)
	require.NoError(t, err)
	names := namedBy(config.Project.Nav)
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, page := range pages {
		assert.Contains(t, names, page, "the navigation in scripts/site/zensical.toml lacks a page: add it to one of the groups")
	}
}
