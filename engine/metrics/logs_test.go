package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/hook"
)

func someLogs() uint64 { return 12 }

func someFiles() int { return 2 }

func someHooks() map[string]hook.Counts {
	return map[string]hook.Counts{"notify.py": {Delivered: 3, Failed: 2, Dropped: 1}}
}

func TestLogs(t *testing.T) {
	assert.Equal(t, map[string]float64{"ldcorn_access_log_lines_lost_total": 12}, samples(t, NewLogs(someLogs)))
}

func TestFiles(t *testing.T) {
	assert.Equal(t, map[string]float64{"ldcorn_config_files_changed": 2}, samples(t, NewFiles(someFiles)))
}

func TestHooks(t *testing.T) {
	assert.Equal(t, map[string]float64{
		`ldcorn_hook_events_total{hook="notify.py",outcome="delivered"}`: 3,
		`ldcorn_hook_events_total{hook="notify.py",outcome="failed"}`:    2,
		`ldcorn_hook_events_total{hook="notify.py",outcome="dropped"}`:   1,
	}, samples(t, NewHooks(someHooks)))
}
