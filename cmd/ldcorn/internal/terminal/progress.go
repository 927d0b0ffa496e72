package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Progress shows how several things fare at the same time: on a terminal
// each has a line that changes in place, elsewhere each step is a line. A
// Progress is for one goroutine.
type Progress struct {
	out   io.Writer
	width int // of the terminal, in columns; 0 = no limit
	live  bool
	names []string          // in the order of their first steps
	lines map[string]string // of each name, as shown
	shown int               // lines on the terminal
}

// NewProgress returns a Progress that writes to out, whose reader has the
// given look.
func NewProgress(out io.Writer, look Look) *Progress {
	p := &Progress{out: out, width: look.Width, lines: make(map[string]string)}
	if f := visible.File(out); f != nil && isDrawable(f) {
		p.out, p.live = f, true // draw makes each line harmless
	}
	return p
}

// Show says what the thing of a name is doing now. It ignores an empty text,
// and a text that is shown already.
func (p *Progress) Show(name, text string) {
	if text == "" || p.lines[name] == text {
		return
	}
	if _, known := p.lines[name]; !known {
		p.names = append(p.names, name)
	}
	p.lines[name] = text
	if !p.live {
		fmt.Fprintf(p.out, "%s: %s\n", name, text)
		return
	}
	p.draw()
}

// draw writes all lines over those on the terminal.
func (p *Progress) draw() {
	longest := 0
	for _, name := range p.names {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	var b strings.Builder
	if p.shown > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.shown)
	}
	for _, name := range p.names {
		line := visible.String(fmt.Sprintf("  %s  %s", Pad(name, longest), p.lines[name]))
		if runes := []rune(line); p.width > 0 && len(runes) >= p.width {
			line = string(runes[:p.width-1]) // the next draw would miss the rest of a line that wraps
		}
		b.WriteString("\r\x1b[2K" + line + "\n")
	}
	p.shown = len(p.names)
	_, _ = io.WriteString(p.out, b.String()) // a terminal that is gone needs no progress
}

// End leaves the lines as they are. Later output appears below them.
func (p *Progress) End() {
	p.shown, p.names = 0, nil
	p.lines = make(map[string]string)
}
