package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

func TestOutput(t *testing.T) {
	src := worker.Source{Group: "api", Worker: 0, PID: 1234}
	var text bytes.Buffer
	out := newOutput(&text, logText, visible.Drop, new(logbook.Book))
	out.Line(src, worker.Stdout, []byte("hello"))
	out.Line(src, worker.Stderr, nil)
	assert.Equal(t, "api.0[1234] | hello\napi.0[1234] | \n", text.String())

	var record bytes.Buffer
	newOutput(&record, logJSON, visible.Drop, new(logbook.Book)).Line(src, worker.Stderr, []byte(`say "hi"`))
	var got map[string]any
	require.NoError(t, json.Unmarshal(record.Bytes(), &got))
	delete(got, "time")
	assert.Equal(t, map[string]any{
		"level": "INFO", "msg": "worker output", "group": "api", "worker": 0.0, "pid": 1234.0, "stream": "stderr", "line": `say "hi"`,
	}, got)
}

func TestLogger(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		color  bool
		want   string
	}{
		"text":  {logText, false, "level=WARN msg=\"group pinned\" state=ready took=1.5s\n"},
		"json":  {logJSON, false, `"level":"WARN","msg":"group pinned","state":"ready","took":1.5}`},
		"color": {logText, true, "\x1b["},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := newLogger(&out, c.format, slog.LevelWarn, c.color, new(logbook.Book))
			log.Info("not this")
			log.Warn("group pinned", "state", supervisor.StateReady, "took", 1500*time.Millisecond)
			assert.Contains(t, out.String(), c.want)
			assert.NotContains(t, out.String(), "not this")
		})
	}
}

// TestLogIsKept: the book has all of the log, without colours, by group.
func TestLogIsKept(t *testing.T) {
	for _, format := range []string{logText, logJSON} {
		var out bytes.Buffer
		book := new(logbook.Book)
		log := newLogger(&out, format, slog.LevelInfo, true, book)
		log.Info("of nobody")
		log.With("group", "api").WithGroup("g").Info("of the group", "worker", 1)
		log.Warn("of it, too", "group", "api")
		log.Debug("not this")
		newOutput(&out, format, visible.Drop, book).Line(worker.Source{Group: "web"}, worker.Stdout, []byte("printed"))
		read := func(groups ...string) string {
			lines, _ := book.Read(groups, -1).Take(nil)
			return string(lines)
		}
		assert.Regexp(t, "(?s)of nobody.*of the group.*of it, too.*printed", read())
		assert.NotContains(t, read(), "not this")
		assert.NotContains(t, read(), "\x1b")
		assert.Equal(t, 2, strings.Count(read("api"), "\n"))
		assert.Equal(t, 1, strings.Count(read("web"), "\n"))
		assert.Equal(t, strings.Contains(read(), "{"), format == logJSON)
		assert.Contains(t, string(lostLines(format)(7)), "7 lines are missing here")
	}
}
