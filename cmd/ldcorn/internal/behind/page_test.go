package behind

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// TestPage checks that docs/behind.md shows the files with which the tests run ldcorn
// behind other proxies, and shows all of them.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(harness.Root(t, "docs", "behind.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(harness.Root(t, "docs", "behind", "*"))
	require.NoError(t, err)
	require.Len(t, files, 9)
	languages := map[string]string{".conf": "nginx", ".cfg": "haproxy", ".star": "python", ".yml": "yaml", "": "caddyfile"}
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		block := "```" + languages[filepath.Ext(path)] + "\n" + string(text) + "```\n"
		assert.Contains(t, string(page), block, "docs/behind.md lacks %s as it is", filepath.Base(path))
	}
}
