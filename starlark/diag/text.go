package diag

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// TextOptions control how diagnostics are printed for people.
type TextOptions struct {
	Color bool // with ANSI colors
}

// WriteText prints every diagnostic with its line of the file and a caret, and
// a summary at the end. It prints nothing for an empty report.
func WriteText(w io.Writer, r *Report, opts TextOptions) error {
	p := &printer{sources: r.Sources, color: opts.Color, hints: make(map[string]int)}
	for i := range r.Diagnostics {
		p.hints[r.Diagnostics[i].Hint]++
	}
	for i := range r.Diagnostics {
		p.diagnostic(&r.Diagnostics[i])
		p.out.WriteByte('\n')
	}
	p.sharedHints(r)
	if s := r.Summary(); s != "" {
		p.out.WriteString(s + "\n")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// ANSI styles.
const (
	styleBold    = "\x1b[1m"
	styleError   = "\x1b[1;31m"
	styleWarning = "\x1b[1;33m"
	styleFrame   = "\x1b[1;34m"
	styleHint    = "\x1b[36m"
	styleReset   = "\x1b[0m"
)

type printer struct {
	out     strings.Builder
	sources *Sources
	color   bool
	hints   map[string]int // how many diagnostics have each
}

// sharedHints prints each hint that several diagnostics have, once.
func (p *printer) sharedHints(r *Report) {
	any := false
	for i := range r.Diagnostics {
		if hint := r.Diagnostics[i].Hint; hint != "" && p.hints[hint] > 1 {
			p.hints[hint], any = 1, true
			fmt.Fprintf(&p.out, "%s%s\n", p.paint(styleHint, "hint: "), printable(hint))
		}
	}
	if any {
		p.out.WriteByte('\n')
	}
}

func (p *printer) paint(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return style + s + styleReset
}

func (p *printer) diagnostic(d *Diagnostic) {
	style := styleError
	if d.Severity == Warning {
		style = styleWarning
	}
	fmt.Fprintf(&p.out, "%s: %s\n",
		p.paint(style, fmt.Sprintf("%s[%s]", d.Severity, d.Code)), p.paint(styleBold, printable(d.Message)))
	gutter := p.gutter(d)
	p.snippet(d.Span, "-->", '^', style, d.Label, gutter)
	for _, r := range d.Related {
		p.snippet(r.Span, ":::", '-', styleFrame, r.Label, gutter)
	}
	for i := len(d.Trace) - 1; i >= 0; i-- {
		p.note(gutter, printable(called(d.Trace[i])))
	}
	for _, line := range d.Detail {
		p.note(gutter, printable(line))
	}
	if d.Repeats > 0 {
		p.note(gutter, fmt.Sprintf("found here %d times", d.Repeats+1))
	}
	if d.Hint != "" && p.hints[d.Hint] == 1 { // others come at the end
		p.note(gutter, p.paint(styleHint, "hint: ")+printable(d.Hint))
	}
}

func called(f Frame) string {
	if strings.HasPrefix(f.Function, "<") { // a file's top level
		return fmt.Sprintf("loaded at %s", f.Span)
	}
	return fmt.Sprintf("in %s, called at %s", f.Function, f.Span)
}

// gutter returns the width of the largest line number in a diagnostic.
func (p *printer) gutter(d *Diagnostic) int {
	width := len(strconv.Itoa(d.Span.Line))
	for _, r := range d.Related {
		width = max(width, len(strconv.Itoa(r.Span.Line)))
	}
	return width
}

func (p *printer) note(gutter int, text string) {
	fmt.Fprintf(&p.out, "%s %s %s\n", strings.Repeat(" ", gutter), p.paint(styleFrame, "="), text)
}

// snippet prints a place: its line, with a mark below.
func (p *printer) snippet(s Span, arrow string, mark rune, style, label string, gutter int) {
	if s.File == "" {
		p.plainLabel(label, gutter)
		return
	}
	fmt.Fprintf(&p.out, " %s %s\n", p.paint(styleFrame, arrow), printable(s.String()))
	line, ok := p.sources.Line(s.File, s.Line)
	if !ok {
		p.plainLabel(label, gutter)
		return
	}
	text, from, width := window(line, s, utf8.RuneCountInString(label))
	bar := p.paint(styleFrame, "|")
	pad := strings.Repeat(" ", gutter)
	marks := p.paint(style, strings.Repeat(string(mark), width))
	if label != "" {
		marks += " " + p.paint(style, printable(label))
	}
	fmt.Fprintf(&p.out, "%s %s\n", pad, bar)
	fmt.Fprintf(&p.out, "%s %s %s\n", p.paint(styleFrame, fmt.Sprintf("%*d", gutter, s.Line)), bar, text)
	fmt.Fprintf(&p.out, "%s %s %s%s\n", pad, bar, strings.Repeat(" ", from), marks)
}

func (p *printer) plainLabel(label string, gutter int) {
	if label != "" {
		p.note(gutter, printable(label))
	}
}

const (
	tabWidth  = 4
	lineLimit = 100 // characters of a line that are shown
)

// window returns the printed part of a line around a span, with tabs as spaces,
// and the start and width of the mark in it. It leaves out the beginning of the
// line if a label of some characters behind the mark would not fit otherwise.
func window(line string, s Span, label int) (text string, from, width int) {
	var cells []rune
	end := max(s.End, s.Col+1)
	start, stop := -1, -1
	col := 1
	for _, r := range line {
		if col == s.Col {
			start = len(cells)
		}
		if col == end {
			stop = len(cells)
		}
		switch {
		case r == '\t':
			cells = append(cells, []rune(strings.Repeat(" ", tabWidth))...)
		case !unicode.IsPrint(r):
			cells = append(cells, []rune(visible.Rune(r))...)
		default:
			cells = append(cells, r)
		}
		col++
	}
	if start < 0 {
		start = len(cells) + max(0, s.Col-col)
	}
	if stop < 0 {
		stop = max(len(cells), start+1)
	}
	beyond := stop + 1 + label - lineLimit // characters of the line with the mark that do not fit
	if label == 0 {
		beyond = stop - lineLimit
	}
	if len(cells) > lineLimit || beyond > 0 && start > lineLimit/4 {
		first := max(0, min(start-lineLimit/4, max(len(cells)-lineLimit, beyond)))
		last := min(first+lineLimit, len(cells))
		shown := cells[first:last:last]
		start, stop = start-first, min(stop, last)-first
		if last < len(cells) {
			shown = append(shown, '…')
		}
		if first > 0 {
			shown = append([]rune("…"), shown...)
			start, stop = start+1, stop+1
		}
		cells = shown
	}
	return string(cells), start, max(1, stop-start)
}

// printable keeps control characters from a configuration off the terminal.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(visible.Rune(r))
		}
	}
	return b.String()
}
