package terminal

import (
	"cmp"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Look is what the reader of an output can show. The zero Look is plain
// UTF-8 text of any width.
type Look struct {
	Color bool
	ASCII bool // the reader knows no other characters
	Width int  // in columns; 0 = no limit
}

// Look finds out what the reader of w can show.
func (c Color) Look(w io.Writer) Look {
	f := visible.File(w)
	if f == nil {
		return Look{Color: c == Always, ASCII: !utf8Locale()}
	}
	l := Look{Color: c.On(f), ASCII: !utf8Locale()}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		l.Width = width
	}
	return l
}

// utf8Locale reports whether the environment says that text is UTF-8.
func utf8Locale() bool {
	locale := strings.ToLower(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}

// Contents returns the writer for the contents of a file. A pipe or a file
// gets every byte as it is; a terminal gets what out makes of it.
func Contents(out io.Writer) io.Writer {
	if f := visible.File(out); f != nil && !term.IsTerminal(int(f.Fd())) {
		return f
	}
	return out
}
