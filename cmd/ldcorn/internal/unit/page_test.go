package unit

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// The unit of docs/operations.md is that of the configuration above it.
func TestPage(t *testing.T) {
	path := harness.Root(t, "docs", "operations.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, section, found := strings.Cut(string(text), "\n## A unit of systemd\n")
	require.True(t, found)
	block := func(language string) string {
		m := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindStringSubmatch(section)
		require.NotNil(t, m, language)
		return m[1]
	}
	p := planOf(t, block("python"))
	p.Path = "/srv/app/ldconfig.star"
	files, remarks, err := Write(p, options(func(o *Options) { o.Program = "/usr/local/bin/ldcorn" }))
	require.NoError(t, err)
	assert.Empty(t, remarks)
	require.Len(t, files, 1)
	if os.Getenv("UPDATE_UNITS") != "" {
		section = strings.Replace(section, "```ini\n"+block("ini")+"```", "```ini\n"+files[0].Text+"```", 1)
		require.NoError(t, os.WriteFile(path, []byte(before+"\n## A unit of systemd\n"+section), 0o644))
	}
	assert.Equal(t, files[0].Text, block("ini"), "UPDATE_UNITS=1 go test writes it")
}
