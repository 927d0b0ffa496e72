package traceback

import (
	"bytes"
	"strings"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// Header ends the line with which Python begins a traceback.
const Header = "Traceback (most recent call last):"

// Lines that Python writes between two exceptions.
const (
	cause  = "The above exception was the direct cause of the following exception:"
	during = "During handling of the above exception, another exception occurred:"
)

// maxEnds is how many exceptions of skipped members of a group are shown.
const maxEnds = 8

// These constants bound a traceback. What exceeds maxHeld lines is no longer
// part of it, so that a program that imitates one loses none of its output.
const (
	maxHeld  = 10_000
	maxWidth = 400 // bytes of a line that are shown
)

// A state is the part of a traceback that a Folder reads.
type state uint8

const (
	idle    state = iota
	frames        // after a header, or after the line that begins a part of a group
	message       // the exception, and what follows it
	between       // after the line that joins two exceptions
)

// A Folder finds the tracebacks in the lines of one stream. What it keeps of a
// traceback is bounded, however long that is. The zero Folder is ready to use.
// It is for one goroutine at a time.
type Folder struct {
	state   state
	grouped bool // the traceback is that of an exception group
	held    int  // lines of the traceback
	first   []*section
	last    []*section // the newest
	skipped int        // sections between first and last
	ends    []string   // of those, the exceptions of the outermost members of a group
	now     *section   // the newest of last, or else of first; nil if idle
	blanks  int        // empty lines at the end of the message so far
	join    string     // the line that led to between
}

// Add takes the next line, without its line ending. held reports whether the
// line belongs to a traceback. done is the traceback that ended before the line;
// nil if none did.
func (f *Folder) Add(text []byte) (done *Traceback, held bool) {
	if f.state == idle && !bytes.Contains(text, []byte(Header)) {
		return nil, false
	}
	line := clean(text)
	if f.state == idle {
		return nil, f.begin(line)
	}
	if f.held++; f.held <= maxHeld && f.take(line) {
		return nil, true
	}
	done = f.End()
	return done, f.begin(line)
}

// clean returns a line of bounded length without colors and control characters.
func clean(text []byte) string {
	const most = 4 * maxWidth // colors have bytes, too
	if len(text) > most {
		text = text[:most]
	}
	return visible.Cut(string(visible.AppendLine(nil, text, visible.Drop)), maxWidth)
}

// Holds reports whether a traceback has begun and has not ended.
func (f *Folder) Holds() bool { return f.state != idle }

// HoldsError reports whether the traceback in progress has its exception, so
// that it may be complete.
func (f *Folder) HoldsError() bool { return f.state == message }

// End ends the traceback in progress, and returns it; nil if there is none.
func (f *Folder) End() *Traceback {
	done := f.Peek()
	*f = Folder{}
	return done
}

// Peek returns the traceback in progress as far as it is known; nil if there is
// none.
func (f *Folder) Peek() *Traceback {
	if f.state == idle {
		return nil
	}
	return f.fold()
}

// begin begins a traceback if a line is its header.
func (f *Folder) begin(line string) bool {
	if !strings.HasSuffix(strings.TrimRight(line, " "), Header) {
		return false
	}
	f.held = 1
	f.open("", line)
	return true
}

// open begins a section. intro is the line that leads to it.
func (f *Folder) open(intro, line string) {
	s := &section{intro: intro, header: line}
	if before, _, found := strings.Cut(line, "+ Exception Group "+Header); found {
		f.grouped, s.margin = true, before+"| "
	} else if f.grouped {
		s.margin, _ = margin(line)
	}
	f.push(s)
	f.state = frames
}

// push makes a section the newest.
func (f *Folder) push(s *section) {
	f.now = s
	if len(f.first) < firstSections {
		f.first = append(f.first, s)
		return
	}
	if len(f.last) == lastSections {
		f.skip(f.last[0], f.last[1])
		copy(f.last, f.last[1:])
		f.last = f.last[:lastSections-1]
	}
	f.last = append(f.last, s)
}

// skip drops a section. It keeps the exception that a member of a group ends with.
func (f *Folder) skip(s, next *section) {
	if s.isEmpty() { // the line that ends a group
		return
	}
	f.skipped++
	ends := isSeparator(next.intro) && f.grouped && s.margin == f.first[1].margin
	if word := s.exception(); ends && word != "" && len(f.ends) < maxEnds {
		f.ends = append(f.ends, s.margin+word)
	}
}

// take takes a line of the traceback in progress. It returns false if the line
// is not part of it.
func (f *Folder) take(line string) bool {
	rest := line
	if f.grouped {
		at, inside := margin(line)
		switch {
		case inside && isSeparator(line):
			f.push(&section{intro: line, margin: strings.Repeat(" ", len(at)) + "| "})
			f.state, f.blanks = frames, 0
			return true
		case inside:
			rest = line[len(at):]
			if strings.Contains(at, "|") {
				f.now.margin = at
			}
		case f.now.isEmpty() && strings.TrimSpace(line) != "" && !isJoin(line): // after the end of the group
			return false
		}
	}
	switch f.state {
	case frames:
		return f.takeFrame(line, rest)
	case between:
		return f.takeBetween(line, rest)
	}
	return f.takeMessage(line, rest)
}

// takeFrame takes a line after a header.
func (f *Folder) takeFrame(line, rest string) bool {
	s := f.now
	switch {
	case isHeader(rest) && s.header == "": // in a part of a group
		s.header = line
		return true
	case isHeader(rest):
		return false
	case strings.TrimSpace(rest) == "":
		return true
	case strings.HasPrefix(rest, "  ") && !isSyntaxError(rest):
		s.addFrameLine(rest)
		return true
	case isJoin(rest):
		f.state, f.join = between, line
		return true
	}
	s.endFrame()
	f.state = message
	s.addMessage(rest)
	return true
}

// takeMessage takes a line after the first one of an exception.
func (f *Folder) takeMessage(line, rest string) bool {
	switch {
	case strings.TrimSpace(rest) == "":
		f.blanks++
		return true
	case isJoin(rest):
		f.state, f.join = between, line
		return true
	case isHeader(rest), isRecord(rest):
		return false
	}
	for ; f.blanks > 0; f.blanks-- {
		f.now.addMessage("")
	}
	f.now.addMessage(rest)
	return true
}

// takeBetween takes a line after one that joins two exceptions.
func (f *Folder) takeBetween(line, rest string) bool {
	switch {
	case strings.TrimSpace(rest) == "":
		return true
	case isHeader(rest):
		f.blanks = 0
		if _, inside := margin(line); f.grouped && !inside {
			f.grouped = false
		}
		f.open(f.join, line)
		return true
	}
	f.now.addMessage(strings.TrimPrefix(f.join, f.now.margin)) // the message only looks like it
	f.state, f.blanks = message, 0
	return f.takeMessage(line, rest)
}

func isHeader(line string) bool { return strings.HasSuffix(strings.TrimRight(line, " "), Header) }

func isJoin(line string) bool { return line == cause || line == during }

// isSyntaxError reports whether a line names the place of a syntax error: it
// looks as a frame does, but names no function.
func isSyntaxError(line string) bool {
	return strings.HasPrefix(line, `  File "`) && !strings.Contains(line, ", in ")
}

// isRecord reports whether a line is one of Uvicorn's log.
func isRecord(line string) bool {
	for _, level := range []string{"INFO:     ", "ERROR:    ", "WARNING:  ", "DEBUG:    ", "CRITICAL: "} {
		if strings.HasPrefix(line, level) {
			return true
		}
	}
	return false
}

// margin returns what is drawn to the left of a line of an exception group, up to
// and including the space after the bar. inside is false for a line without it.
func margin(line string) (at string, inside bool) {
	i := len(line) - len(strings.TrimLeft(line, " "))
	if i == len(line) || line[i] != '|' && line[i] != '+' {
		return "", false
	}
	return line[:min(i+2, len(line))], true
}

// isSeparator reports whether a line begins or ends a part of a group, such as
// "+-+---------------- 1 ----------------".
func isSeparator(line string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, "+-")
}
