package terminal

import (
	"os"

	"golang.org/x/term"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Color says when output has colors.
type Color string

// The values of a Color.
const (
	Auto   Color = "auto" // on a terminal that has colors, without NO_COLOR
	Always Color = "always"
	Never  Color = "never"
)

// Colors returns the values of a Color as words, in the order of the help.
func Colors() []string { return []string{string(Auto), string(Always), string(Never)} }

// On reports whether output to f has colors.
func (c Color) On(f *os.File) bool {
	switch c {
	case Always:
		return true
	case Never:
		return false
	}
	return os.Getenv("NO_COLOR") == "" && isDrawable(f)
}

// Writer returns the writer that all output to f goes through. It shows
// control characters instead of sending them, and drops color sequences where
// f has no colors. It looks at c with each write, so that c may be set later.
func (c *Color) Writer(f *os.File) *visible.Writer {
	return visible.NewWriter(f, func() visible.Colors { return visible.KeepIf(c.On(f)) })
}

// isDrawable reports whether f is a terminal that knows control sequences.
func isDrawable(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Is reports whether f is a terminal.
func Is(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
