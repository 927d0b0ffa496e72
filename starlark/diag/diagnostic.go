package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Severity says whether a diagnostic stops the configuration from being used.
type Severity string

// These are the severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Span is a place in a file: some characters of one line. The zero Span means
// that the place is unknown. A Span with only a File means the whole file.
type Span struct {
	File string
	Line int // from 1
	Col  int // from 1, in characters
	End  int // column after the last character; a value up to Col means one character
}

// At returns the span of one character at a Starlark position.
func At(pos syntax.Position) Span {
	if !pos.IsValid() {
		return Span{}
	}
	return Span{File: pos.Filename(), Line: int(pos.Line), Col: int(pos.Col)}
}

func (s Span) String() string {
	if s.Line == 0 {
		return cmp.Or(s.File, "?")
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Col)
}

// A Diagnostic describes one mistake in a configuration.
type Diagnostic struct {
	Code     string // stable, such as "L001" or "W101"
	Severity Severity
	Message  string    // one sentence, without a final period
	Span     Span      // the place of the mistake
	Label    string    // shown beside the caret; may be empty
	Hint     string    // advice on what to try; may be empty
	Detail   []string  // lines of a longer text, such as another program's error
	Related  []Related // other places that contribute
	Trace    []Frame   // calls that led to Span, outermost first; empty at top level
	Repeats  int       // how many more times the same diagnostic was added
	ByMaster bool      // a master reports it itself when the plan takes effect, with what follows from it
}

// A Related is another place that contributes to a diagnostic.
type Related struct {
	Span  Span
	Label string
}

// A Frame is a call on the way to a diagnostic.
type Frame struct {
	Function string // the called function
	Span     Span   // the place of the call
}

// Error returns the position and the message on one line.
func (d *Diagnostic) Error() string {
	return fmt.Sprintf("%s: %s", d.Span, d.Message)
}

// same reports whether two diagnostics would read the same.
func (d *Diagnostic) same(o *Diagnostic) bool {
	return d.Code == o.Code && d.Span == o.Span && d.Message == o.Message && d.Label == o.Label
}

// A Report holds everything found in one configuration, and the text of its
// files for showing the lines. If a function returns it as an error, it holds
// at least one diagnostic of severity Error. The zero Report is empty and ready
// for use.
type Report struct {
	Diagnostics []Diagnostic
	Sources     *Sources // if nil, no lines are shown
	Hidden      Hidden   // what Add does not quote
}

// These limit the size of a report, because its texts may come from a
// configuration.
const (
	maxText        = 4 << 10 // bytes of one text
	maxDiagnostics = 1000    // of one severity
	maxFrames      = 50      // of one trace
)

// Add appends a diagnostic. If the same one exists at the same place, Add only
// counts it. Add hides the values of r.Hidden, shortens long texts and drops
// diagnostics beyond maxDiagnostics.
func (r *Report) Add(d Diagnostic) {
	r.Hidden.Cover(&d)
	for _, text := range []*string{&d.Message, &d.Label, &d.Hint} {
		*text = clip(*text)
	}
	for i, line := range d.Detail {
		d.Detail[i] = clip(line)
	}
	if n := len(d.Trace); n > maxFrames { // the outermost and the innermost frames say most
		d.Trace = slices.Concat(d.Trace[:maxFrames/2], d.Trace[n-maxFrames/2:])
	}
	for i := range r.Diagnostics {
		if r.Diagnostics[i].same(&d) {
			r.Diagnostics[i].Repeats++
			return
		}
	}
	if len(r.Diagnostics) < maxDiagnostics || r.Count(d.Severity) < maxDiagnostics {
		r.Diagnostics = append(r.Diagnostics, d)
	}
}

// These set how much of a long word, such as a computed name, is shown. Paths
// are shorter than maxWord.
const (
	maxWord  = 256 // bytes
	wordHead = 110
	wordTail = 20 // including the quotes at the end
)

// shorten removes the middle of long words.
func shorten(s string) string {
	if len(s) <= maxWord {
		return s
	}
	var out strings.Builder
	for s != "" {
		end := strings.IndexAny(s, " \n")
		if end < 0 {
			end = len(s)
		}
		if word := s[:end]; len(word) > maxWord {
			tail := len(word) - wordTail
			for !utf8.RuneStart(word[tail]) && tail < len(word)-1 {
				tail++
			}
			out.WriteString(visible.Cut(word, wordHead) + word[tail:])
		} else {
			out.WriteString(word)
		}
		if end < len(s) {
			out.WriteByte(s[end])
			end++
		}
		s = s[end:]
	}
	return out.String()
}

// clip cuts a text that is too long to read.
func clip(s string) string {
	s = shorten(s)
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Count returns the number of diagnostics of a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, d := range r.Diagnostics {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Sort orders the diagnostics by file, line and column, with the file named
// first at the top, and errors before warnings at the same place.
func (r *Report) Sort(first string) {
	rank := func(d *Diagnostic) int {
		if d.Span.File == first {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(r.Diagnostics, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank(&a), rank(&b)),
			cmp.Compare(a.Span.File, b.Span.File),
			cmp.Compare(a.Span.Line, b.Span.Line),
			cmp.Compare(a.Span.Col, b.Span.Col),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Code, b.Code),
		)
	})
}

// Error returns one line per error, positions first, without warnings. It
// limits the number of lines.
func (r *Report) Error() string {
	const shown = 50
	var lines []string
	for i := range r.Diagnostics {
		if d := &r.Diagnostics[i]; d.Severity == Error && len(lines) < shown {
			lines = append(lines, d.Error())
		}
	}
	if n := r.Count(Error); n > shown {
		lines = append(lines, fmt.Sprintf("and %d more", n-shown))
	}
	return strings.Join(lines, "\n")
}

// Summary returns the counts of diagnostics, such as "2 errors, 1 warning", or
// "" if there are none.
func (r *Report) Summary() string {
	var parts []string
	for _, s := range []Severity{Error, Warning} {
		switch n := r.Count(s); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(s))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
