package cli

import (
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
	cells []string
}

// leastText is the room that the last column of a table keeps while others go.
const leastText = 20

// width returns the width of a column.
func (c *column) width() int {
	n := utf8.RuneCountInString(c.name)
	for _, cell := range c.cells {
		n = max(n, utf8.RuneCountInString(cell))
	}
	return n
}

// fit returns the columns that fit a width, which is 0 for no limit. The last one
// is cut if need be.
func fit(columns []column, width int) []column {
	columns = slices.Clone(columns)
	if width <= 0 {
		return columns
	}
	last := len(columns) - 1
	for {
		room := width
		for i := range columns[:last] {
			room -= columns[i].width() + 2
		}
		if room >= min(columns[last].width(), leastText) || !dropOne(&columns) {
			cutCells(&columns[last], max(room, 1))
			return columns
		}
		last = len(columns) - 1
	}
}

// dropOne removes the column that matters least, if there is one that may go.
func dropOne(columns *[]column) bool {
	least := -1
	for i, c := range *columns {
		if c.drop > 0 && (least < 0 || c.drop < (*columns)[least].drop) {
			least = i
		}
	}
	if least < 0 {
		return false
	}
	*columns = slices.Delete(*columns, least, least+1)
	return true
}

func cutCells(c *column, room int) {
	cells := make([]string, len(c.cells))
	for i, cell := range c.cells {
		cells[i] = terminal.Cut(cell, room)
	}
	c.name, c.cells = terminal.Cut(c.name, room), cells
}

// writeColumns prints a table that fits a width.
func writeColumns(w io.Writer, columns []column, width int) error {
	columns = fit(columns, width)
	rows := make([]string, len(columns[0].cells)+1)
	for i := range columns {
		c := &columns[i]
		n := c.width() + 2
		if i == len(columns)-1 {
			n = 0
		}
		rows[0] += terminal.Pad(c.name, n)
		for row, cell := range c.cells {
			rows[row+1] += terminal.Pad(cell, n)
		}
	}
	for _, row := range rows {
		if _, err := fmt.Fprintln(w, strings.TrimRight(row, " ")); err != nil {
			return err
		}
	}
	return nil
}
