package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// TestUnits checks which numbers without a unit have a warning.
func TestUnits(t *testing.T) {
	for argument, want := range map[string][2]string{
		"request_buffer=64":            {"`request_buffer` is 64 bytes", `did you mean "64MiB"? if not, write "64B"`},
		"response_buffer=1":            {"`response_buffer` is 1 byte", `did you mean "1MiB"? if not, write "1B"`},
		"max_rss=512":                  {"`max_rss` is 512 bytes", `did you mean "512MiB"? if not, write "512B"`},
		"queue_timeout=30000":          {"`queue_timeout` is 30000 seconds, which is 8h20m", `did you mean "30s"? if not, write "8h20m"`},
		"request_timeout=1000":         {"`request_timeout` is 1000 seconds, which is 16m40s", `did you mean "1s"? if not, write "16m40s"`},
		"stop_timeout=2500.0":          {}, // no number of whole seconds, if in milliseconds
		"drain_timeout=60000.0":        {"`drain_timeout` is 60000 seconds, which is 16h40m", `did you mean "1m"? if not, write "16h40m"`},
		"health_interval=3600000":      {"`health_interval` is 3600000 seconds, which is 1000h", `did you mean "1h"? if not, write "1000h"`},
		"max_lifetime=86400000":        {"`max_lifetime` is 86400000 seconds, which is 24000h", `did you mean "24h"? if not, write "24000h"`},
		"max_lifetime=100000":          {},
		"queue_timeout=\"30000s\"":     {},
		"queue_timeout=36000":          {},
		"queue_timeout=86400":          {},
		"queue_timeout=999":            {},
		"request_buffer=\"64B\"":       {},
		"request_buffer=0":             {},
		"request_buffer=1024":          {},
		"request_buffer=None":          {},
		"max_req_per_worker=1":         {}, // has no unit
		"restart_backoff_on_crash=0.5": {},
	} {
		_, found := evaluate(t, `g = WorkerGroup("a", "m:a", `+argument+`)`, nil)
		if want[0] == "" {
			assert.Empty(t, found, argument)
			continue
		}
		if assert.Len(t, found, 1, argument) {
			d := found[0]
			assert.Equal(t, []string{"W114", string(diag.Warning), want[0], want[1]}, []string{d.Code, string(d.Severity), d.Message, d.Label}, argument)
		}
	}
}

// TestUnitsElsewhere checks the words other than WorkerGroup.
func TestUnitsElsewhere(t *testing.T) {
	for _, text := range []string{
		`c = LdConfig(workers=[WorkerGroup("a", "m:a")], max_body_size=10)`,
		`c = LdConfig(workers=[WorkerGroup("a", "m:a")], idle_timeout=75000)`,
		`r = rule("/a", request_buffer=64)`,
		`d = to("a", request_buffer=64)`,
	} {
		_, found := evaluate(t, text, nil)
		if assert.Len(t, found, 1, text) {
			assert.Equal(t, "W114", found[0].Code, text)
		}
	}
	_, found := evaluate(t, `c = LdConfig(workers=[WorkerGroup("a", "m:a")], max_header_size=64)`, nil)
	if assert.Len(t, found, 1) {
		assert.Equal(t, `did you mean "64KiB"? a plain number is in bytes`, found[0].Label)
	}
}
