package masterlog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// hostileTexts are texts that workers, clients and files can contain.
var hostileTexts = []string{
	"\x1b]0;title\a", "\x1b[2J\x1b[31mred\x1b[0m", "a\rb\x00c\bd", "\x9b2J\u009b2J\x7f", "\u202eabc\u2066\u2028", "\xff\xfe\xc3(", `literal \x1b[2J "quoted" \x1b]0;x`,
	"plain é ✓",
}

// colors matches the control sequences that can remain if colors are shown.
var colors = regexp.MustCompile("\x1b\\[[0-9;:]*m")

func assertHarmless(t *testing.T, text string, keeps bool) {
	t.Helper()
	if keeps {
		text = colors.ReplaceAllString(text, "")
	}
	assert.Equal(t, visible.Text(text), text)
}

// TestLogIsHarmless checks that, whatever the master logs or a worker prints,
// and in any log format, no control character reaches the log or the book.
func TestLogIsHarmless(t *testing.T) {
	for _, format := range []Format{Text, JSON} {
		for i := range 4 {
			colored, terminal := i&1 != 0, i&2 != 0
			text, kept := written(Options{Format: format, Colored: colored, Terminal: terminal}, func(l *Log) {
				log, lines := l.Logger(), l.Output()
				for _, s := range hostileTexts {
					log.Warn("something", "text", s, "err", errors.New(s), "bytes", []byte(s))
					log.With("group", s).WithGroup("g").Error(s, s, s)
					lines.Line(worker.Source{Group: "web"}, worker.Stdout, []byte(s))
					fmt.Fprintln(l.Writer(), s)
				}
			})
			assertHarmless(t, text, colored)
			assertHarmless(t, kept(), false)
			assert.Equal(t, colored && format == Text, strings.Contains(text, "\x1b[31mred\x1b[0m"))
		}
	}
}
