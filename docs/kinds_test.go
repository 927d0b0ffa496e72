package docs

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestEvents: operations.md says what each kind of event means, in the order of the code.
func TestEvents(t *testing.T) {
	page, err := os.ReadFile("operations.md")
	require.NoError(t, err)
	table := regexp.MustCompile(`(?s)\| event \| what has happened \|\n\|---\|---\|\n(.*?)\n\n`).FindSubmatch(page)
	require.NotNil(t, table, "the table of events")
	var kinds []api.EventKind
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| .+ \\|$").FindAllSubmatch(table[1], -1) {
		kinds = append(kinds, api.EventKind(row[1]))
	}
	assert.Equal(t, api.EventKinds, kinds)
}

// TestIncidents: the pages that list the kinds of incidents have all of them.
func TestIncidents(t *testing.T) {
	for _, name := range []string{"incidents.md", "alerts.md", "metrics.md"} {
		page, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, kind := range api.IncidentKinds {
			assert.Regexp(t, "`"+string(kind)+"`", string(page), "%s lacks %s", name, kind)
		}
	}
}
