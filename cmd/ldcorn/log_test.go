package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/worker"
)

func TestOutput(t *testing.T) {
	src := worker.Source{Pool: "api", Worker: 0, PID: 1234}
	var text bytes.Buffer
	out := newOutput(&text, logText)
	out.Line(src, worker.Stdout, []byte("hello"))
	out.Line(src, worker.Stderr, nil)
	assert.Equal(t, "api.0[1234] | hello\napi.0[1234] | \n", text.String())

	var record bytes.Buffer
	newOutput(&record, logJSON).Line(src, worker.Stderr, []byte(`say "hi"`))
	var got map[string]any
	require.NoError(t, json.Unmarshal(record.Bytes(), &got))
	delete(got, "time")
	assert.Equal(t, map[string]any{
		"level": "INFO", "msg": "worker output", "pool": "api", "worker": 0.0, "pid": 1234.0, "stream": "stderr", "line": `say "hi"`,
	}, got)
}

func TestLogger(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		color  bool
		want   string
	}{
		"text":  {logText, false, "level=WARN msg=\"pool pinned\" state=ready took=1.5s\n"},
		"json":  {logJSON, false, `"level":"WARN","msg":"pool pinned","state":"ready","took":1.5}`},
		"color": {logText, true, "\x1b["},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := newLogger(&out, c.format, slog.LevelWarn, c.color)
			log.Info("not this")
			log.Warn("pool pinned", "state", supervisor.StateReady, "took", 1500*time.Millisecond)
			assert.Contains(t, out.String(), c.want)
			assert.NotContains(t, out.String(), "not this")
		})
	}
}
