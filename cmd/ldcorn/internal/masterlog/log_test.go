package masterlog

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// written returns what a log writes while a function uses it, and a function
// that returns what its book keeps for some groups, or for all.
func written(opts Options, use func(*Log)) (text string, kept func(groups ...string) string) {
	var out bytes.Buffer
	opts.Out = &out
	log := New(opts)
	use(log)
	log.Close()
	return out.String(), func(groups ...string) string {
		lines, _ := log.Book().Read(groups, -1).Take(nil)
		return string(lines)
	}
}

func TestOutput(t *testing.T) {
	src := worker.Source{Group: "api", Worker: 0, PID: 1234}
	text, _ := written(Options{Format: Text, Level: slog.LevelError}, func(l *Log) {
		out := l.Output()
		out.Line(src, worker.Stdout, []byte("hello"))
		out.Line(src, worker.Stderr, nil)
	})
	assert.Equal(t, "api.0[1234] | hello\napi.0[1234] | \n", text)

	record, _ := written(Options{Format: JSON, Level: slog.LevelError}, func(l *Log) {
		l.Output().Line(src, worker.Stderr, []byte(`say "hi"`))
	})
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(record), &got))
	delete(got, "time")
	assert.Equal(t, map[string]any{
		"level": "INFO", "msg": "worker output", "group": "api", "worker": 0.0, "pid": 1234.0, "stream": "stderr", "line": `say "hi"`,
	}, got)
}

func TestLogger(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		color  bool
		want   string
	}{
		"text":  {Text, false, "level=WARN msg=\"group pinned\" state=ready took=1.5s\n"},
		"json":  {JSON, false, `"level":"WARN","msg":"group pinned","state":"ready","took":1.5}`},
		"color": {Text, true, "\x1b["},
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := written(Options{Format: c.format, Level: slog.LevelWarn, Colored: c.color}, func(l *Log) {
				log := l.Logger()
				log.Info("not this")
				log.Warn("group pinned", "state", api.StateReady, "took", 1500*time.Millisecond)
			})
			assert.Contains(t, text, c.want)
			assert.NotContains(t, text, "not this")
		})
	}
}

// TestLogIsKept checks that the book has the whole log, without colors, by
// group.
func TestLogIsKept(t *testing.T) {
	for _, format := range []Format{Text, JSON} {
		_, kept := written(Options{Format: format, Colored: true}, func(l *Log) {
			log := l.Logger()
			log.Info("of nobody")
			log.With("group", "api").WithGroup("g").Info("of the group", "worker", 1)
			log.Warn("of it, too", "group", "api")
			log.Debug("not this")
			l.Output().Line(worker.Source{Group: "web"}, worker.Stdout, []byte("printed"))
		})
		assert.Regexp(t, "(?s)of nobody.*of the group.*of it, too.*printed", kept())
		assert.NotContains(t, kept(), "not this")
		assert.NotContains(t, kept(), "\x1b")
		assert.Equal(t, 2, strings.Count(kept("api"), "\n"))
		assert.Equal(t, 1, strings.Count(kept("web"), "\n"))
		assert.Equal(t, strings.Contains(kept(), "{"), format == JSON)
	}
}

// TestWriter checks that the output of the configuration stays unchanged in the
// text format and becomes records in JSON, where every line is an object.
func TestWriter(t *testing.T) {
	for format, want := range map[Format]string{
		Text: `^c.star:1: x\nc.star:1: forged\n$`,
		JSON: `^{"time":"[^"]+","level":"INFO","msg":"configuration output","line":"c.star:1: x"}\n{[^\n]*"line":"c.star:1: forged"}\n$`,
	} {
		text, _ := written(Options{Format: format}, func(l *Log) {
			n, err := io.WriteString(l.Writer(), "c.star:1: x\nc.star:1: forged\n")
			assert.Equal(t, 29, n)
			assert.NoError(t, err)
		})
		assert.Regexp(t, want, text)
	}
}

// TestLostLines checks that lines that are not read in time are lost, and that
// the log says how many in its own format, as it does to a reader of the book.
func TestLostLines(t *testing.T) {
	for _, format := range []Format{Text, JSON} {
		r, pipe := io.Pipe() // blocks until the test reads
		log := New(Options{Out: pipe, Format: format})
		line := bytes.Repeat([]byte("y"), 1<<20-1)
		line = append(line, '\n')
		for range 40 {
			_, err := log.lines.Write(line)
			require.NoError(t, err)
		}
		read := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(r)
			read <- all
		}()
		log.Close()
		require.NoError(t, pipe.Close())
		told := bytes.ReplaceAll(<-read, line, nil)
		assert.Regexp(t, `[0-9]+ lines are missing here: this was read too slowly`, string(told))
		assert.Equal(t, format == JSON, json.Valid(told), "%s", told)
		assert.Contains(t, string(log.LostLines(7)), "7 lines are missing here")
	}
}
