package top

import (
	"charm.land/lipgloss/v2"
)

// A mood says how a text looks.
type mood uint8

// The moods.
const (
	plain mood = iota
	good
	warn
	bad
	dim
	strong
	heading
	chosen
	graph
)

// styles are the moods on a terminal. Colors are the 16 that a terminal's own theme
// fits to its background, except where yellow could not be read on white.
type styles [graph + 1]lipgloss.Style

func newStyles(color, dark bool) (s styles) {
	for i := range s {
		s[i] = lipgloss.NewStyle()
	}
	s[dim] = s[dim].Faint(true)
	s[strong] = s[strong].Bold(true)
	s[heading] = s[heading].Bold(true).Underline(true)
	s[chosen] = s[chosen].Reverse(true)
	s[bad], s[warn] = s[bad].Bold(true), s[warn].Bold(true)
	if !color {
		return s
	}
	s[good] = s[good].Foreground(lipgloss.Green)
	s[bad] = s[bad].Foreground(lipgloss.Red)
	s[warn] = s[warn].Foreground(lipgloss.Yellow)
	s[graph] = s[graph].Foreground(lipgloss.Cyan)
	if !dark {
		s[warn] = s[warn].Foreground(lipgloss.Color("130")) // a dark orange
		s[graph] = s[graph].Foreground(lipgloss.Blue)
	}
	return s
}

// show returns a text in a mood.
func (s *styles) show(m mood, text string) string {
	if m == plain || text == "" {
		return text
	}
	return s[m].Render(text)
}
