package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
)

// A column is one of a table that fits its reader.
type column struct {
	name  string
	drop  int // the columns with the lowest numbers go first; 0 stays
	least int // the room that it keeps as the last column; 0 means leastText
	cells []string
	color func(cell string) string // of a cell, or "" for none; nil colors nothing
}

// leastText is the room that the last column of a table usually keeps while others go.
// leastName is what the first one keeps of its names when no other can go, with
// their ends, which tell workers apart.
const (
	leastText = 20
	leastName = 14
	nameEnd   = 6
)

// width returns the width of a column.
func (c *column) width() int {
	n := utf8.RuneCountInString(c.name)
	for _, cell := range c.cells {
		n = max(n, utf8.RuneCountInString(cell))
	}
	return n
}

// fit returns the columns that fit a width, which is 0 for no limit, and the names
// of the others. The first and the last one are cut if need be.
func fit(columns []column, width int) (shown []column, hidden []string) {
	columns = slices.Clone(columns)
	if width <= 0 {
		return columns, nil
	}
	last := len(columns) - 1
	for {
		room := width
		for i := range columns[:last] {
			room -= columns[i].width() + 2
		}
		want := min(columns[last].width(), cmp.Or(columns[last].least, leastText))
		name := ""
		if room < want {
			name = dropOne(&columns)
		}
		if name == "" {
			if first := columns[0].width(); room < want && last > 0 && first > leastName {
				to := max(first-want+room, leastName)
				cutCells(&columns[0], to, cutName)
				room += first - to
			}
			cutCells(&columns[last], max(room, 1), terminal.Cut)
			return columns, hidden
		}
		hidden = append(hidden, name)
		last = len(columns) - 1
	}
}

// dropOne removes the column that matters least, if there is one that may go, and
// returns its name.
func dropOne(columns *[]column) string {
	least := -1
	for i, c := range *columns {
		if c.drop > 0 && (least < 0 || c.drop < (*columns)[least].drop) {
			least = i
		}
	}
	if least < 0 {
		return ""
	}
	name := (*columns)[least].name
	*columns = slices.Delete(*columns, least, least+1)
	return name
}

func cutCells(c *column, room int, cut func(string, int) string) {
	cells := make([]string, len(c.cells))
	for i, cell := range c.cells {
		cells[i] = cut(cell, room)
	}
	c.name, c.cells = terminal.Cut(c.name, room), cells
}

// cutName cuts a name to a width of more than nameEnd, in its middle.
func cutName(name string, width int) string {
	runes := []rune(name)
	if len(runes) <= width {
		return name
	}
	return string(runes[:width-nameEnd-1]) + "…" + string(runes[len(runes)-nameEnd:])
}

// writeColumns prints a table that fits what its reader can show, and which of its
// columns it leaves out for that.
func writeColumns(w io.Writer, columns []column, look terminal.Look) error {
	columns, hidden := fit(columns, look.Width)
	rows := make([]string, len(columns[0].cells)+1)
	for i := range columns {
		c := &columns[i]
		n := c.width() + 2
		if i == len(columns)-1 {
			n = 0
		}
		rows[0] += terminal.Pad(c.name, n)
		for row, cell := range c.cells {
			text := terminal.Pad(cell, n)
			if c.color != nil && look.Color && c.color(cell) != "" {
				text = c.color(cell) + cell + reset + text[len(cell):]
			}
			rows[row+1] += text
		}
	}
	for _, row := range rows {
		if _, err := fmt.Fprintln(w, strings.TrimRight(row, " ")); err != nil {
			return err
		}
	}
	if len(hidden) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, terminal.Wrap("no room for "+strings.Join(hidden, ", ")+"; --json has all", look.Width))
	return err
}
