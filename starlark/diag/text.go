package diag

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// TextOptions control how diagnostics are printed for people.
type TextOptions struct {
	Color bool // with ANSI colors
	Width int  // in columns, of the reader; 0 = no limit
	// Wrap breaks the lines of a text at spaces; see terminal.Wrap. It is required if
	// there is a Width.
	Wrap func(text string, width int) string
}

// WriteText prints every diagnostic with its line of the file and a caret, and
// a summary at the end. It prints nothing for an empty report.
func WriteText(w io.Writer, r *Report, opts TextOptions) error {
	p := &printer{sources: r.Sources, opts: opts, hints: make(map[string]int)}
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
	opts    TextOptions
	hints   map[string]int // how many diagnostics have each
}

// sharedHints prints each hint that several diagnostics have, once. Unless all have it,
// it names theirs, so that it is not taken for the hint of the last one.
func (p *printer) sharedHints(r *Report) {
	any := false
	for i := range r.Diagnostics {
		hint := r.Diagnostics[i].Hint
		if hint == "" || p.hints[hint] < 2 {
			continue
		}
		whose := ""
		if p.hints[hint] < len(r.Diagnostics) {
			whose = "for " + owners(r, hint) + ": "
		}
		p.hints[hint], any = 1, true
		p.titled("hint", styleHint, whose+hint, "")
	}
	if any {
		p.out.WriteByte('\n')
	}
}

// maxOwners is how many places of diagnostics are named for a hint.
const maxOwners = 4

// owners names the diagnostics that have a hint: by their codes if these tell them from
// the others, or else by their places as well.
func owners(r *Report, hint string) string {
	var codes, places []string
	told := true // apart by the codes
	for i := range r.Diagnostics {
		if d := &r.Diagnostics[i]; d.Hint == hint {
			codes = append(codes, d.Code)
			places = append(places, d.Code+" at "+d.Span.String())
		}
	}
	for i := range r.Diagnostics {
		told = told && (r.Diagnostics[i].Hint == hint || !slices.Contains(codes, r.Diagnostics[i].Code))
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if told || len(places) > maxOwners {
		return strings.Join(codes, ", ")
	}
	return strings.Join(slices.Compact(places), ", ")
}

func (p *printer) paint(style, s string) string {
	if !p.opts.Color || s == "" {
		return s
	}
	return style + s + styleReset
}

func (p *printer) diagnostic(d *Diagnostic) {
	style := styleError
	if d.Severity == Warning {
		style = styleWarning
	}
	p.titled(fmt.Sprintf("%s[%s]", d.Severity, d.Code), style, d.Message, styleBold)
	gutter := p.gutter(d)
	p.snippet(d.Span, "-->", '^', style, d.Label, gutter)
	for _, r := range d.Related {
		p.snippet(r.Span, ":::", '-', styleFrame, r.Label, gutter)
	}
	for i := len(d.Trace) - 1; i >= 0; i-- {
		p.note(gutter, called(d.Trace[i]))
	}
	for _, line := range d.Detail {
		p.note(gutter, line)
	}
	if d.Repeats > 0 {
		p.note(gutter, fmt.Sprintf("found here %d times", d.Repeats+1))
	}
	if d.Hint != "" && p.hints[d.Hint] == 1 { // others come at the end
		p.noteOf(gutter, "hint: ", d.Hint)
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

// titled prints a text after a title without spaces.
func (p *printer) titled(title, style, text, textStyle string) {
	lines := p.wrap(title+": "+printable(text), p.opts.Width)
	first := strings.TrimPrefix(strings.TrimPrefix(lines[0], title+":"), " ")
	fmt.Fprintf(&p.out, "%s: %s\n", p.paint(style, title), p.paint(textStyle, first))
	for _, line := range lines[1:] {
		fmt.Fprintln(&p.out, p.paint(textStyle, line))
	}
}

// wrap returns the lines of a text for a reader of a width, if that is known.
func (p *printer) wrap(text string, width int) []string {
	if p.opts.Width > 0 {
		text = p.opts.Wrap(text, max(width, leastWidth))
	}
	return strings.Split(text, "\n")
}

func (p *printer) note(gutter int, text string) { p.noteOf(gutter, "", text) }

// noteOf prints a note with a title, which may be empty.
func (p *printer) noteOf(gutter int, title, text string) {
	const frame = 3 // " = "
	lines := p.wrap(title+printable(text), p.opts.Width-gutter-frame)
	lines[0] = p.paint(styleHint, title) + strings.TrimPrefix(lines[0], title)
	fmt.Fprintf(&p.out, "%s %s %s\n", strings.Repeat(" ", gutter), p.paint(styleFrame, "="), lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintln(&p.out, strings.Repeat(" ", gutter+frame)+line)
	}
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
	limit, below := p.limit(gutter), ""
	if n := utf8.RuneCountInString(label); n > limit*2/3 && p.opts.Width > 0 { // it takes the line away
		label, below = "", label
	}
	text, from, width := window(line, s, utf8.RuneCountInString(label), limit)
	if n := utf8.RuneCountInString(label); n > 0 && p.opts.Width > 0 && from+width+1+n > limit+1 { // nor does it fit
		label, below = "", label
		text, from, width = window(line, s, 0, limit)
	}
	bar := p.paint(styleFrame, "|")
	pad := strings.Repeat(" ", gutter)
	marks := p.paint(style, strings.Repeat(string(mark), width))
	if label != "" {
		marks += " " + p.paint(style, printable(label))
	}
	fmt.Fprintf(&p.out, "%s %s\n", pad, bar)
	fmt.Fprintf(&p.out, "%s %s %s\n", p.paint(styleFrame, fmt.Sprintf("%*d", gutter, s.Line)), bar, text)
	fmt.Fprintf(&p.out, "%s %s %s%s\n", pad, bar, strings.Repeat(" ", from), marks)
	p.plainLabel(below, gutter)
}

// limit returns how many characters of a line are shown behind a gutter.
func (p *printer) limit(gutter int) int {
	const frame, marks = 3, 2 // " | ", and a mark at each end
	if p.opts.Width == 0 {
		return lineLimit
	}
	return max(min(lineLimit, p.opts.Width-gutter-frame-marks), leastWidth)
}

func (p *printer) plainLabel(label string, gutter int) {
	if label != "" {
		p.note(gutter, label)
	}
}

const (
	tabWidth   = 4
	leastWidth = 40  // of a text, however narrow the reader is
	lineLimit  = 100 // characters of a line that are shown, at most
)

// window returns the printed part of a line around a span, with tabs as spaces,
// and the start and width of the mark in it. It leaves out the beginning of the
// line if a label of some characters behind the mark would not fit otherwise.
func window(line string, s Span, label, limit int) (text string, from, width int) {
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
	beyond := stop + 1 + label - limit // characters of the line with the mark that do not fit
	if label == 0 {
		beyond = stop - limit
	}
	if len(cells) > limit || beyond > 0 && start > limit/4 {
		first := max(0, min(start-limit/4, max(len(cells)-limit, beyond)))
		last := min(first+limit, len(cells))
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
