package traceback

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// These constants limit how many of the exceptions of a traceback are shown. The
// first one is what went wrong at first, and the last one what Python ended with.
const (
	firstSections = 2
	lastSections  = 4
)

// A Traceback is a folded traceback.
type Traceback struct {
	Lines []string // harmless to a terminal, and of bounded number and length
	Error string   // the line of the last exception, such as "KeyError: 'x'"; "" if there is none yet

	folded int // the index in Lines of the last line that counts what is left out, or -1
}

// Folded reports whether the traceback is longer than Lines.
func (t *Traceback) Folded() bool { return t.folded >= 0 }

// With returns the lines, of which the last one that counts what is left out
// says how to see all of it.
func (t *Traceback) With(how string) []string {
	if t.folded < 0 {
		return t.Lines
	}
	lines := slices.Clone(t.Lines)
	lines[t.folded] += " (" + how + ")"
	return lines
}

// addresses matches what differs between two processes with the same traceback.
var addresses = regexp.MustCompile(`0x[0-9a-fA-F]{6,}`)

// Fold returns lines with their tracebacks folded.
func Fold(lines []string) []string {
	var f Folder
	var out []string
	add := func(t *Traceback) {
		if t != nil {
			out = append(out, t.Lines...)
		}
	}
	for _, line := range lines {
		done, held := f.Add([]byte(line))
		add(done)
		if !held {
			out = append(out, line)
		}
	}
	add(f.End())
	return out
}

// briefLines is how many lines Brief returns from the beginning and from the end: those of
// the app come first, and the exception comes last.
const briefLines = 14

// Brief returns the lines of what an interpreter has written with their tracebacks
// folded, and without those in the middle if there are still many.
func Brief(lines []string) []string {
	folded := Fold(lines)
	left := len(folded) - 2*briefLines
	if left <= 1 {
		return folded
	}
	more := "… " + plural(left, "more line")
	return slices.Concat(folded[:briefLines], []string{more}, folded[len(folded)-briefLines:])
}

// A Key identifies a traceback.
type Key [sha256.Size]byte

// Key returns a value that is the same for the same traceback of two processes.
func (t *Traceback) Key() Key {
	return sha256.Sum256(addresses.ReplaceAll([]byte(strings.Join(t.Lines, "\n")), []byte("0x…")))
}

// fold returns what is known of the traceback in progress.
func (f *Folder) fold() *Traceback {
	t := &Traceback{folded: -1}
	for i, s := range slices.Concat(f.first, f.last) {
		if i == len(f.first) && f.skipped > 0 {
			t.count("", fmt.Sprintf("… %s", plural(f.skipped, "more exception")))
			t.Lines = append(t.Lines, f.ends...)
		}
		t.add(s.complete(), i == 0)
	}
	if f.state == between {
		t.Lines = append(t.Lines, f.join)
	}
	return t
}

// add adds an exception.
func (t *Traceback) add(s *section, first bool) {
	if !first && s.intro != "" {
		t.Lines = append(t.Lines, s.intro)
	}
	if s.header != "" {
		t.Lines = append(t.Lines, s.header)
	}
	shown, folded := s.own, slices.Concat(s.names, s.libs)
	switch {
	case s.own.count > 0, s.isSyntax():
	case s.lib.count > 0:
		shown, folded = s.lib, s.names
	default:
		shown = s.any.newest()
	}
	for _, frame := range shown.first {
		t.frame(s, frame)
	}
	if n := shown.left(); n > 0 {
		t.count(s.margin, fmt.Sprintf("  … %s", plural(n, "more frame")))
	}
	for _, frame := range shown.last {
		t.frame(s, frame)
	}
	if n := s.any.count - shown.count; n > 0 {
		t.count(s.margin, fmt.Sprintf("  … %s%s", plural(n, "frame"), of(folded)))
	}
	for _, line := range s.lines {
		t.Lines = append(t.Lines, strings.TrimRight(s.margin+line, " "))
	}
	if s.more > 0 {
		t.count(s.margin, fmt.Sprintf("… %s of the message", plural(s.more, "more line")))
	}
	if word := s.exception(); word != "" {
		t.Error = word
	}
}

func (t *Traceback) frame(s *section, lines []string) {
	for _, line := range lines {
		t.Lines = append(t.Lines, s.margin+line)
	}
}

func (t *Traceback) count(margin, text string) {
	t.folded = len(t.Lines)
	t.Lines = append(t.Lines, margin+text)
}

// of lists packages, as in " of uvicorn, asyncio, importlib and others".
func of(names names) string {
	if len(names) == 0 {
		return ""
	}
	if len(names) > maxNames {
		return " of " + strings.Join(names[:maxNames], ", ") + " and others"
	}
	return " of " + strings.Join(names, ", ")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
