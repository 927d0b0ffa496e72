package terminal

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Screen shows one text after the other: on a terminal each takes the place
// of the one before, elsewhere an empty line stands between them. A Screen is
// for one goroutine.
type Screen struct {
	out   io.Writer
	size  func() (width, height int, err error) // nil where out is no terminal
	color visible.Colors                        // of the texts, where out is a terminal
	joint string                                // between two texts, where out is no terminal
	shown bool                                  // the first text
}

// NewScreen returns a screen on out. A bare one writes the texts as they are,
// with nothing between them, for programs to read. A colored one passes colors on.
func NewScreen(out io.Writer, bare, colored bool) *Screen {
	if bare {
		return &Screen{out: out}
	}
	if f := visible.File(out); f != nil && isDrawable(f) {
		// frame makes each line harmless.
		return &Screen{out: f, color: visible.KeepIf(colored), size: func() (int, int, error) { return term.GetSize(int(f.Fd())) }}
	}
	return &Screen{out: out, joint: "\n"}
}

// Show shows the next text.
func (s *Screen) Show(text string) error {
	first := !s.shown
	s.shown = true
	switch {
	case s.size != nil:
		text = s.frame(text, first)
	case !first:
		text = s.joint + text
	}
	_, err := io.WriteString(s.out, text)
	return err
}

// cut returns a harmless line of at most a width, without colors if it is longer.
func (s *Screen) cut(line string, width int) string {
	plain := visible.String(string(visible.AppendLine(nil, []byte(line), visible.Drop)))
	if runes := []rune(plain); len(runes) > width {
		return string(runes[:width])
	}
	if s.color != visible.Keep || strings.Contains(line, "\t") {
		return plain
	}
	return string(visible.AppendLine(nil, []byte(line), visible.Keep))
}

// frame returns what draws a text over the one before. It cuts the text to the
// size of the terminal: the next frame would miss the rest of a line that
// wraps, and the lines that have scrolled.
func (s *Screen) frame(text string, first bool) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	width, height, err := s.size()
	if err != nil || width < 1 || height < 2 {
		width, height = 80, 24
	}
	if room := height - 1; len(lines) > room {
		left := len(lines) - room + 1
		lines = append(lines[:room-1], fmt.Sprintf("… %d more lines", left))
	}
	var b strings.Builder
	if first {
		b.WriteString("\x1b[2J")
	}
	b.WriteString("\x1b[H")
	for _, line := range lines {
		b.WriteString(s.cut(line, width) + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}
