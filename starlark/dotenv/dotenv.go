package dotenv

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Variable is a line of a file that sets a variable, or several if its value has
// quotes.
type Variable struct {
	Name, Value string
	Line        int // where the value begins, from 1

	swallowed map[string]int // names that lines in the value seem to set → the line
}

// Swallows returns the line of the file, from 1, that is a part of the variable's
// value, but reads as one that sets the named variable. This tells that the quote of
// the value was not meant to end where it does. It returns 0 if there is no such line.
func (v *Variable) Swallows(name string) int { return v.swallowed[name] }

// An Error says what is wrong with a line.
type Error struct {
	Line    int // from 1
	Col     int // from 1, in characters
	Message string
	Hint    string // what to write; may be empty

	fatal bool // what follows means nothing
	open  bool // a quote has swallowed lines, from which the parser goes on
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Errors are the mistakes of a file in the order of their lines.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// maxErrors is how many mistakes of a file are reported.
const maxErrors = 20

// Parse returns the variables of a file in the order of their lines; the last of
// several values for a name counts. A variable in a value is that of lookup, or of an
// earlier line, or empty. The error is an Errors of at least one mistake.
func Parse(text string, lookup func(name string) (string, bool)) ([]Variable, error) {
	p := &parser{all: text, rest: strings.TrimPrefix(text, "\ufeff"), lookup: lookup, values: make(map[string]string)}
	if !utf8.ValidString(text) {
		p.rest = text[len(validPrefix(text)):]
		return nil, Errors{p.wrong("this is not UTF-8 text", "")}
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		p.rest = text[i:]
		return nil, Errors{p.wrong("this is a NUL byte, which no variable can have", "")}
	}
	var wrong Errors
	for p.skip(); p.rest != "" && len(wrong) < maxErrors; p.skip() {
		err := p.line()
		if err == nil {
			continue
		}
		if wrong = append(wrong, err); err.fatal {
			break
		}
		p.restOfLine()
		if err.open {
			p.resume()
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return p.found, nil
}

// resume skips the lines that may belong to a value whose quote has no end.
func (p *parser) resume() {
	for p.rest != "" {
		p.rest = strings.TrimPrefix(strings.TrimPrefix(p.rest, "\r"), "\n")
		if setsName(p.rest) != "" {
			return
		}
		p.restOfLine()
	}
}

func validPrefix(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return s[:i]
			}
		}
	}
	return s
}

// A parser reads a file from its start to its end.
type parser struct {
	all, rest string
	lookup    func(string) (string, bool)
	values    map[string]string // of the lines so far
	expanded  int               // bytes that came from variables
	found     []Variable
	counted   int // bytes of all in which lines are counted
	lines     int // ends of lines there
}

// skip skips empty lines and comments. A semicolon begins one, too, as for systemd.
func (p *parser) skip() {
	for {
		p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace)
		if p.rest == "" || p.rest[0] != '#' && p.rest[0] != ';' {
			return
		}
		p.restOfLine()
	}
}

// restOfLine takes the rest of the line, without its end.
func (p *parser) restOfLine() string {
	end := strings.IndexAny(p.rest, "\r\n")
	if end < 0 {
		end = len(p.rest)
	}
	line := p.rest[:end]
	p.rest = p.rest[end:]
	return line
}

// spaces skips spaces within the line.
func (p *parser) spaces() {
	p.rest = strings.TrimLeftFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) && r != '\n' && r != '\r' })
}

var (
	exportWord = regexp.MustCompile(`^export[^\S\r\n]+`)
	nameForm   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
)

// strange matches what follows the beginning of a name that has characters which
// names cannot have: the -VAR= of MY-VAR=.
var strange = regexp.MustCompile(`^[^\s=:#'"][^\s=:#'"]*[^\S\r\n]*=`)

const nameRule = "a name has letters, digits and _, and does not begin with a digit"

// line reads a line that is not empty.
func (p *parser) line() *Error {
	p.rest = p.rest[len(exportWord.FindString(p.rest)):]
	quote := ""
	if p.rest != "" && (p.rest[0] == '\'' || p.rest[0] == '"') {
		quote = p.rest[:1]
	}
	start := p.rest
	name := nameForm.FindString(p.rest[len(quote):])
	p.rest = p.rest[len(quote)+len(name):]
	if name == "" || !strings.HasPrefix(p.rest, quote) {
		p.rest = start
		return p.wrong("this is not NAME=value", nameRule)
	}
	p.rest = p.rest[len(quote):]
	if strange.MatchString(p.rest) {
		return p.wrong("this cannot be in a name", nameRule)
	}
	p.spaces()
	switch {
	case strings.HasPrefix(p.rest, "="):
		p.rest = p.rest[1:]
		p.spaces()
		v := Variable{Name: name, Line: p.lineNumber()}
		before := p.rest
		var err *Error
		if v.Value, err = p.value(); err != nil {
			return err
		}
		v.swallowed = linesOf(before[:len(before)-len(p.rest)], v.Line)
		p.values[name] = v.Value
		p.found = append(p.found, v)
		return nil
	case p.atEnd():
		return nil // a name alone leaves the variable as it is
	}
	return p.wrong("this is not NAME=value", "write = after the name")
}

// atEnd reports whether the line has nothing more but a comment, which it skips.
func (p *parser) atEnd() bool {
	p.spaces()
	if strings.HasPrefix(p.rest, "#") {
		p.restOfLine()
	}
	return p.rest == "" || p.rest[0] == '\n' || p.rest[0] == '\r'
}

// comment matches a comment after a value without quotes.
var comment = regexp.MustCompile(`\s+#.*`)

// value reads a value and the end of its line.
func (p *parser) value() (string, *Error) {
	if p.rest == "" || p.rest[0] != '\'' && p.rest[0] != '"' {
		if strings.HasPrefix(p.rest, "#") && strings.HasSuffix(p.all[:len(p.all)-len(p.rest)], " ") {
			p.restOfLine()
			return "", nil
		}
		text := comment.ReplaceAllString(p.restOfLine(), "")
		return p.expand(strings.TrimRightFunc(text, unicode.IsSpace))
	}
	start, quote := p.rest, p.rest[0]
	value, ok := p.quoted(quote)
	if !ok {
		p.rest = start
		err := p.wrong("this quote has no end", fmt.Sprintf("add %c at the end of the value", quote))
		err.open = true
		return "", err
	}
	if end := p.rest; !p.atEnd() {
		if linesOf(start[:len(start)-len(end)], 1) != nil {
			p.rest = end
			line := p.lineNumber()
			p.rest = start
			err := p.wrong(fmt.Sprintf("this quote has no end in its line, and the next one, in line %d, begins another value", line),
				fmt.Sprintf("add %c at the end of the value", quote))
			err.open = true
			return "", err
		}
		return "", p.wrong("this follows the end of the quoted value", fmt.Sprintf(`write \%c for a quote in the value`, quote))
	}
	if quote == '"' {
		return p.expand(value)
	}
	return value, nil
}

// escapes are the letters after a backslash in double quotes.
var escapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// quoted reads a text in quotes. It reports false if the second quote is missing.
func (p *parser) quoted(quote byte) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		c := p.rest[i]
		if c == quote {
			p.rest = p.rest[i+1:]
			return b.String(), true
		}
		if c == '\\' && i+1 < len(p.rest) {
			next := p.rest[i+1]
			if meant, ok := escapes[next]; ok && (quote == '"' || next == '\\' || next == '\'') {
				b.WriteByte(meant)
				i++
				continue
			}
		}
		b.WriteByte(c)
	}
	return "", false
}

// reference matches ${NAME} and ${NAME:-default}.
var reference = regexp.MustCompile(`\$\{([^}:]*)(?::-([^}]*))?\}`)

// maxExpanded limits what variables in values can add up to: a few lines could
// otherwise make gigabytes.
const maxExpanded = 4 << 20 // bytes

// expand replaces the variables in a value.
func (p *parser) expand(text string) (string, *Error) {
	var b strings.Builder
	last := 0
	for _, m := range reference.FindAllStringSubmatchIndex(text, -1) {
		value, set := p.lookup(text[m[2]:m[3]])
		if !set {
			value, set = p.values[text[m[2]:m[3]]]
		}
		if !set && m[4] >= 0 {
			value = text[m[4]:m[5]]
		}
		if p.expanded += len(value); p.expanded > maxExpanded {
			err := p.wrong("the variables in the values make them too long", "")
			err.fatal = true
			return "", err
		}
		b.WriteString(text[last:m[0]] + value)
		last = m[1]
	}
	return b.String() + text[last:], nil
}

// setsLine matches the beginning of a line that sets a variable.
var setsLine = regexp.MustCompile(`^[^\S\r\n]*(?:export[^\S\r\n]+)?(` + nameForm.String()[1:] + `)[^\S\r\n]*=`)

// setsName returns the name of the variable that the first line of a text sets, or "".
func setsName(text string) string {
	if m := setsLine.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// linesOf returns the names that lines of a value, except the first, seem to set, with
// their numbers. The value begins in line first.
func linesOf(raw string, first int) map[string]int {
	var out map[string]int
	for i := 1; ; i++ {
		end := lineEnd.FindStringIndex(raw)
		if end == nil {
			return out
		}
		raw = raw[end[1]:]
		if name := setsName(raw); name != "" {
			if out == nil {
				out = make(map[string]int)
			}
			out[name] = first + i
		}
	}
}

var lineEnd = regexp.MustCompile(`\r\n?|\n`)

// lineNumber returns the number of the line that comes next.
func (p *parser) lineNumber() int {
	at := len(p.all) - len(p.rest)
	if at < p.counted {
		p.counted, p.lines = 0, 0
	}
	for ; p.counted < at; p.counted++ {
		switch c := p.all[p.counted]; {
		case c == '\n' && p.counted > 0 && p.all[p.counted-1] == '\r':
		case c == '\n' || c == '\r':
			p.lines++
		}
	}
	return 1 + p.lines
}

// wrong returns an error about the place that comes next.
func (p *parser) wrong(message, hint string) *Error {
	before := p.all[:len(p.all)-len(p.rest)]
	line := p.lineNumber()
	start := strings.LastIndexAny(before, "\r\n") + 1
	return &Error{Line: line, Col: 1 + utf8.RuneCountInString(strings.TrimPrefix(before[start:], "\ufeff")), Message: message, Hint: hint}
}
