package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

func TestSummary(t *testing.T) {
	start := &supervisor.StartError{Group: "web", Worker: 1, Err: errors.New("exit code 3: startup failed"),
		Stderr: []string{"Traceback (most recent call last):", "  File", "RuntimeError: no database", "", "ERROR:    Application startup failed. Exiting."}}
	const line = `group "web": worker 1: exit code 3: startup failed; it wrote: RuntimeError: no database`
	for want, err := range map[string]error{
		line + "; ldcorn logs web shows more": fmt.Errorf("apply: %w", start),
		line + `; could not roll back 1 of 1 workers already replaced: ` +
			`group "web": worker 1: exit code 3: startup failed; ldcorn logs web shows more`: &supervisor.RollbackError{Err: start, Left: []error{start}},
		`group "web": worker 0: not ready; ldcorn logs web shows more`:   &supervisor.StartError{Group: "web", Err: errors.New("not ready\nmore")},
		"ldconfig.star:1:1: wrong; ldcorn status --json shows all of it": errors.New("ldconfig.star:1:1: wrong\nldconfig.star:2:1: wrong, too"),
		"ldconfig.star:1:1: wrong":                                       errors.New("ldconfig.star:1:1: wrong"),
	} {
		assert.Equal(t, want, summary(err))
		assert.NotContains(t, summary(err), "\n")
	}
}

// TestPublicReload: what anybody may know about a reload contains no output of
// a worker, and of a command only its program.
func TestPublicReload(t *testing.T) {
	assert.Nil(t, publicReload(nil))
	command := &supervisor.StartError{Group: "web", Command: "migrate --key hunter2", Program: "migrate", Err: errors.New("exit code 1"), Stderr: []string{"hunter2"}}
	for failed, err := range map[string]error{
		"ldconfig.star:1:1: wrong":                                                   errors.New("ldconfig.star:1:1: wrong"),
		"group \"web\": worker 0: exit code 3 (ldcorn status says more)":             &supervisor.StartError{Group: "web", Err: errors.New("exit code 3"), Stderr: []string{"hunter2"}},
		"apply: before_start failed: migrate: exit code 1 (ldcorn status says more)": fmt.Errorf("apply: %w", command),
		"before_start failed: migrate: exit code 1 (ldcorn status says more)":        &supervisor.StartError{Command: "migrate hunter2", Program: "migrate", Err: errors.New("exit code 1")},
	} {
		of := &api.Reload{At: time.Now(), Error: err.Error(), Summary: summary(err), Public: public(err, err.Error())}
		assert.Equal(t, &control.PublicReload{At: of.At, Failed: failed}, publicReload(of))
	}
	assert.Equal(t, &control.PublicReload{}, publicReload(&api.Reload{}))
}
