package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// TestReloadWaiter_GivenUp: the error says which groups the reload waits for, and
// whether it goes on.
func TestReloadWaiter_GivenUp(t *testing.T) {
	one := 1
	waits := api.ReloadStep{Kind: api.StepWaiting, Reason: "the reload", For: 72.5}
	begun := api.ReloadStep{Kind: api.StepBegun}
	sick := api.ReloadStep{Kind: api.StepUnready, Group: "web", Worker: &one, Reason: "GET /: status 404"}
	well := api.ReloadStep{Kind: api.StepReady, Group: "web", Ready: 2, Workers: 2}
	goesOn := "--timeout is over, and nothing is applied yet; the master goes on with the reload"
	for want, steps := range map[string][]api.ReloadStep{
		"--timeout is over before the reload could begin: it will not take place": {waits},
		goesOn: {waits, begun},
		goesOn + "\n  web: worker 1 is not ready yet: GET /: status 404":                {begun, sick},
		goesOn + "\n  api: worker 1 failed to start, and is started again: exit code 1": {sick, {Kind: api.StepUnready, Group: "api", Worker: &one, Reason: "exit code 1", Ended: true}, well},
	} {
		var stderr strings.Builder
		w := &reloadWaiter{stdout: io.Discard, stderr: &stderr, progress: terminal.NewProgress(&stderr, terminal.Look{})}
		for _, s := range steps {
			require.NoError(t, w.event(s))
		}
		require.EqualError(t, w.conclude(errGivenUp, false), want)
		assert.Equal(t, steps[0].Kind == api.StepWaiting, strings.HasPrefix(stderr.String(), "waiting for the reload that has run for 1m12s\n"))
		if w.waiting {
			require.ErrorContains(t, w.conclude(context.Canceled, false), "it will not take place")
		}
	}
}
