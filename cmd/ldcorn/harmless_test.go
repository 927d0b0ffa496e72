package main

import (
	"bytes"
	"errors"
	"log/slog"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// hostileTexts are what workers, clients and files may hold.
var hostileTexts = []string{
	"\x1b]0;title\a", "\x1b[2J\x1b[31mred\x1b[0m", "a\rb\x00c\bd", "\x9b2J\u009b2J\x7f", "\u202eabc\u2066\u2028", "\xff\xfe\xc3(", `literal \x1b[2J "quoted" \x1b]0;x`,
	"plain é ✓",
}

// colors are what may be left of them where colours are shown.
var colors = regexp.MustCompile("\x1b\\[[0-9;:]*m")

func assertHarmless(t *testing.T, text string, keeps bool) {
	t.Helper()
	if keeps {
		text = colors.ReplaceAllString(text, "")
	}
	assert.Equal(t, visible.Text(text), text)
}

// TestLogIsHarmless: whatever is logged or printed by a worker, in whatever
// form the log has, no control character reaches it, or the book.
func TestLogIsHarmless(t *testing.T) {
	for _, format := range []string{logText, logJSON} {
		for _, colored := range []bool{false, true} {
			var text bytes.Buffer
			book := new(logbook.Book)
			out := visible.NewWriter(&text, func() visible.Colors { return visible.KeepIf(colored) })
			log := newLogger(out, format, slog.LevelInfo, colored, book)
			lines := newOutput(out, format, visible.KeepIf(colored), book)
			for _, s := range hostileTexts {
				log.Warn("something", "text", s, "err", errors.New(s), "bytes", []byte(s))
				log.With("group", s).WithGroup("g").Error(s, s, s)
				lines.Line(worker.Source{Group: "web"}, worker.Stdout, []byte(s))
			}
			assertHarmless(t, text.String(), colored)
			kept, _ := book.Read(nil, -1).Take(nil)
			assertHarmless(t, string(kept), false)
			assert.Equal(t, colored && format == logText, bytes.Contains(text.Bytes(), []byte("\x1b[31mred\x1b[0m")))
		}
	}
}
