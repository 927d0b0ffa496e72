package top

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A column is one of a table.
type column struct {
	name  string
	drop  int  // the columns with the lowest numbers go first where there is no room; 0 stays
	right bool // its cells are numbers: they are aligned to the right, and sorted from the highest
	least int  // the room that it needs, if it is the last column, which gets what is left; 0 means that of its cells
}

// A cell is one of a row.
type cell struct {
	text   string
	number float64 // in a column of numbers, to sort by; NaN is the lowest
	mood   mood
	series api.Series // drawn instead of the text, if it is not nil
}

func word(text string) cell { return cell{text: oneLine.Replace(text)} }

// oneLine makes a line of a harmless text.
var oneLine = strings.NewReplacer("\n", " ", "\t", " ")

func amount(n float64, text string) cell { return cell{text: text, number: n} }

func (c cell) in(m mood) cell { c.mood = m; return c }

// A row is one of a table.
type row struct {
	key    string // tells it from others, in the next Data, too
	group  string // that it belongs to; "" for none
	worker *int   // the index of the worker that it belongs to; nil for none
	cells  []cell
}

// matches reports whether a filter, in lower case, is in one of the texts of a row.
func (r *row) matches(filter string) bool {
	return filter == "" || slices.ContainsFunc(r.cells, func(c cell) bool { return strings.Contains(strings.ToLower(c.text), filter) })
}

// A table is what a view shows.
type table struct {
	columns []column
	rows    []row
	empty   string // what to say if there are no rows
}

// An order is how a view is sorted.
type order struct {
	column string // "" for the order that the view has by itself
	up     bool   // from the lowest number, or the last word
}

// sort sorts the rows. Rows that are equal stay in their order.
func (t *table) sort(by order) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == by.column })
	if i < 0 {
		if by.up {
			slices.Reverse(t.rows)
		}
		return
	}
	number := t.columns[i].right
	slices.SortStableFunc(t.rows, func(a, b row) int {
		order := strings.Compare(a.cells[i].text, b.cells[i].text)
		if number {
			order = -cmp.Compare(a.cells[i].number, b.cells[i].number)
		}
		if by.up {
			return -order
		}
		return order
	})
}

// sortable returns the names of the columns that a table can be sorted by.
func (t *table) sortable() (names []string) {
	for _, c := range t.columns {
		if c.name != past {
			names = append(names, c.name)
		}
	}
	return names
}

// past is the name of a column of sparklines.
const past = "PAST"

// keep leaves out the rows that do not match a filter.
func (t *table) keep(filter string) {
	t.rows = slices.DeleteFunc(t.rows, func(r row) bool { return !r.matches(strings.ToLower(filter)) })
}

// A shape is which columns of a table fit, and how wide they are.
type shape struct {
	at     []int // indices of columns
	widths []int
}

// fit finds the shape of a table in a width.
func (t *table) fit(width int) shape {
	var s shape
	for i, c := range t.columns {
		n := ansi.StringWidth(c.name)
		for _, r := range t.rows {
			n = max(n, ansi.StringWidth(r.cells[i].text))
		}
		s.at, s.widths = append(s.at, i), append(s.widths, n)
	}
	for {
		end := len(s.at) - 1
		used := end // a space between two columns
		for _, n := range s.widths[:end] {
			used += n
		}
		least := cmp.Or(t.columns[s.at[end]].least, s.widths[end])
		if used+least <= width || !t.dropOne(&s) {
			if s.widths[end] = max(width-used, 0); t.columns[s.at[end]].right {
				s.widths[end] = min(s.widths[end], least)
			}
			if s.widths[end] < least { // the first column is the one of any length
				s.widths[0] = max(s.widths[0]-(least-s.widths[end]), min(s.widths[0], 6))
				used = end
				for _, n := range s.widths[:end] {
					used += n
				}
				s.widths[end] = max(width-used, 0)
			}
			return s
		}
	}
}

// dropOne removes the column that matters least, if there is one that may go.
func (t *table) dropOne(s *shape) bool {
	least := -1
	for k, i := range s.at {
		if d := t.columns[i].drop; d > 0 && (least < 0 || d < t.columns[s.at[least]].drop) {
			least = k
		}
	}
	if least < 0 {
		return false
	}
	s.at, s.widths = slices.Delete(s.at, least, least+1), slices.Delete(s.widths, least, least+1)
	return true
}

// head returns the heading of a table. The column that it is sorted by is underlined.
func (t *table) head(s shape, by order, d *drawing) string {
	var b strings.Builder
	for k, i := range s.at {
		c := t.columns[i]
		text := d.pad(c.name, s.widths[k], c.right)
		if c.name == by.column {
			text = strings.Replace(text, c.name, d.show(heading, c.name), 1)
		} else {
			text = d.show(dim, text)
		}
		b.WriteString(text)
		if k < len(s.at)-1 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// line returns a row as it is drawn.
func (t *table) line(r *row, s shape, isChosen bool, d *drawing) string {
	var b strings.Builder
	for k, i := range s.at {
		c := &r.cells[i]
		text := d.pad(c.text, s.widths[k], t.columns[i].right)
		m := c.mood
		if c.series != nil {
			text, m = spark(c.series, s.widths[k], d.look.ASCII), graph
		}
		if k < len(s.at)-1 {
			text += " "
		}
		if isChosen {
			m = chosen
		}
		b.WriteString(d.show(m, text))
	}
	return b.String()
}
