package top

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
)

// A pane is a text over the table.
type pane struct {
	title  string
	text   string    // unless the pane is about one of those below
	plan   bool      // it is for a plan
	report *api.Plan // the plan, once it is there
	steps  bool      // it shows the steps of the reload
	top    int       // the first line that is shown
}

// lines returns the lines of a pane in a width.
func (p *pane) lines(m *model, width int) []string {
	text := p.text
	switch {
	case p.report != nil:
		look := m.opts.Look
		look.Width = width
		return strings.Split(strings.TrimRight(m.opts.Words.Plan(p.report, look), "\n"), "\n")
	case p.steps:
		text = m.reloads.text()
	}
	return strings.Split(strings.TrimRight(terminal.Wrap(text, width), "\n"), "\n")
}

// press handles a key. It reports false for a key that is not about the pane.
func (p *pane) press(k string, m *model) bool {
	page := max(m.body()-1, 1)
	switch k {
	case "esc", "q", "enter":
		m.pane = nil
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "ctrl+b":
		p.top -= page
	case "pgdown", "ctrl+f", "space":
		p.top += page
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = 1 << 30
	case "s", "S", "<", ">", "/", "T", "H", "L", "N", "p":
		// They are about the table, which cannot be seen.
	default:
		return false
	}
	return true
}

// draw returns the lines of a pane that fit, with its title.
func (p *pane) draw(m *model, width, height int) []string {
	lines := p.lines(m, width)
	room := max(height-1, 1)
	p.top = max(min(p.top, len(lines)-room), 0)
	title := m.drawing.show(strong, p.title)
	if len(lines) > room {
		title += m.drawing.show(dim, more(p.top, room, len(lines)))
	}
	out := []string{title}
	for _, line := range lines[p.top:min(p.top+room, len(lines))] {
		out = append(out, ansi.Truncate(line, width, m.drawing.ellipsis()))
	}
	return out[:min(len(out), height)]
}
