package exact

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// A check returns an error if a method of a string has another result in Python.
// Argued says that the method has arguments.
type check func(s string, argued bool) error

// texts holds the methods of strings that differ for some strings.
var texts = map[string]check{
	"upper": letters, "lower": letters, "capitalize": letters, "swapcase": letters,
	"isalnum": letters, "isalpha": letters, "isdigit": letters, "islower": letters, "isupper": letters, "isspace": both(letters, spaces),
	"title": letters, "istitle": letters,
	"split": bare(spaces), "rsplit": bare(spaces), "strip": bare(spaces), "lstrip": bare(spaces), "rstrip": bare(spaces),
	"splitlines": lines,
	"find":       counts, "rfind": counts, "index": counts, "rindex": counts, "elems": counts,
	"count": given(counts), "startswith": given(counts), "endswith": given(counts),
}

// A difference is the error for an operation of which Starlark makes something else
// than Python: what Starlark does.
type difference string

func (d difference) Error() string { return "Starlark " + string(d) }

const (
	errCounts  = difference("counts bytes, not characters")
	errLetters = difference("treats letters and digits beyond ASCII in another way")
	errSpaces  = difference("does not take a control character for a space")
	errLines   = difference("ends lines only at line feeds")
)

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func counts(s string, _ bool) error {
	if isASCII(s) {
		return nil
	}
	return errCounts
}

func letters(s string, _ bool) error {
	if isASCII(s) {
		return nil
	}
	return errLetters
}

func spaces(s string, _ bool) error {
	if strings.ContainsAny(s, "\x1c\x1d\x1e\x1f") {
		return errSpaces
	}
	return nil
}

func lines(s string, _ bool) error {
	if strings.ContainsAny(s, "\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029") {
		return errLines
	}
	return nil
}

// bare is a check for calls without arguments, and given one for calls with them.
func bare(c check) check {
	return func(s string, argued bool) error {
		if argued {
			return nil
		}
		return c(s, argued)
	}
}

func given(c check) check {
	return func(s string, argued bool) error {
		if !argued {
			return nil
		}
		return c(s, argued)
	}
}

func both(a, b check) check {
	return func(s string, argued bool) error { return errors.Join(a(s, argued), b(s, argued)) }
}
