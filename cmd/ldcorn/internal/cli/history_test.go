package cli

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// TestHistoryWidth checks that a table of 80 columns has no cell that is cut: it names
// the columns that it leaves out. Whole numbers of things have no decimals.
func TestHistoryWidth(t *testing.T) {
	all := &api.History{Points: 1, Step: 15, End: time.Now()}
	one := func(v float32) api.Series { return api.Series{v} }
	g := &api.GroupHistory{Name: "web", Requests: one(1e6), Class5xx: one(15), Refused: one(3e5), P50: one(0.0123), P95: one(1.5), P99: one(20), Queued: one(5), WaitP95: one(0.5),
		InFlight: one(2.5), Ready: one(4), CPU: one(0.5), RSS: one(64 << 20)}
	for _, rss := range []float32{64 << 20, float32(math.NaN())} {
		g.RSS = one(rss)
		for _, width := range []int{0, 40, 60, 80, 81, 82, 83, 84, 85, 86, 90, 100, 120} {
			var out strings.Builder
			require.NoError(t, writeColumns(&out, historyColumns(all, g), terminal.Look{Width: width}))
			for line := range strings.Lines(out.String()) {
				assert.NotContains(t, line, "…", "width %d", width)
				if width > 0 {
					assert.LessOrEqual(t, len(strings.TrimSuffix(line, "\n")), width)
				}
			}
		}
	}
	var out strings.Builder
	require.NoError(t, writeColumns(&out, historyColumns(all, g), terminal.Look{}))
	assert.Contains(t, out.String(), "  5       500ms     2.5        4      0.5  -")
}
