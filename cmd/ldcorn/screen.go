package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A screen shows texts one after the other: on a terminal each in the place of
// the one before, else with an empty line between.
type screen struct {
	out   io.Writer
	size  func() (width, height int, err error) // nil where it is no terminal
	joint string                                // between two texts, where it is none
	shown bool
}

// newScreen returns a screen. Bare ones have nothing between two texts, and
// never draw.
func newScreen(out io.Writer, bare bool) *screen {
	s := &screen{out: out, joint: "\n"}
	if bare {
		s.joint = ""
		return s
	}
	if f := visible.File(out); f != nil && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		s.size = func() (int, int, error) { return term.GetSize(int(f.Fd())) }
		s.out = f // frame makes each line harmless
	}
	return s
}

func (s *screen) show(text string) error {
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

// frame is what draws a text over the one before: as much of it as there is
// room for, as a line that wraps, or scrolls, could not be drawn over.
func (s *screen) frame(text string, first bool) string {
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
		line = visible.String(line)
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width])
		}
		b.WriteString(line + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}
