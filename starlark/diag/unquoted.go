package diag

import (
	"regexp"
	"strings"
)

// A bareText is text that somebody has most likely meant as a string: main:app,
// 127.0.0.1:8000, /srv/app, 30s, *.
var bareText = regexp.MustCompile(`^(\*|[\w.-]*:[\w.:/-]*|[\w.~-]*/[\w./*{}-]*|\d+(\.\d+){2,}|\d+(\.\d+)?[A-Za-z]+)$`)

// unquoted returns the text around the token at i that is the value of an
// argument, or an element of a list, and lacks its quotes. It returns the span of
// the text, too, or "" if there is none.
func unquoted(tokens []token, i int) (string, Span) {
	if i < 0 || i >= len(tokens) || tokens[i].depth == 0 && !tokens[i].is("=") {
		return "", Span{}
	}
	first, last := i, i
	for first > 0 && joined(tokens[first-1], tokens[first]) {
		first--
	}
	for last+1 < len(tokens) && joined(tokens[last], tokens[last+1]) {
		last++
	}
	var text strings.Builder
	for _, t := range tokens[first : last+1] {
		text.WriteString(t.text)
	}
	before, after := at(tokens, first-1), at(tokens, last+1)
	if !valueBetween(before, after) || !bareText.MatchString(text.String()) {
		return "", Span{}
	}
	span := tokens[first].span("")
	span.End = tokens[last].end
	return text.String(), span
}

// joined reports whether nothing is between two tokens, and both can be parts of
// a text without quotes.
func joined(a, b token) bool {
	return a.line == b.line && a.end == b.col && bare(a) && bare(b)
}

func bare(t token) bool {
	return t.kind == tokenName || t.kind == tokenNumber || t.kind == tokenOp && strings.Trim(t.text, ":/.*-~") == ""
}

// valueBetween reports whether a value that is between two tokens is that of an
// argument or an element of a list.
func valueBetween(before, after token) bool {
	begins := before.is("=") || before.is("[") || before.is(",")
	ends := after.is(",") || after.is(")") || after.is("]") || after.kind == tokenComment || after.kind == tokenNewline
	return begins && ends
}

// bareValue returns the argument whose value, or an element of whose list, the name
// at a position is alone, or "" if there is none.
func bareValue(tokens []token, at Span) string {
	for i, t := range tokens {
		if t.line != at.Line || t.col != at.Col {
			continue
		}
		if t.kind != tokenName || t.depth == 0 || i == 0 || i+1 >= len(tokens) || !valueBetween(tokens[i-1], tokens[i+1]) {
			return ""
		}
		for j := i - 1; j > 0; j-- { // a list has to be the value of an argument
			switch before := tokens[j]; {
			case before.depth == t.depth && before.is("="):
				return tokens[j-1].text
			case before.depth < t.depth:
				if before.is("[") && before.depth > 0 && j > 1 && tokens[j-1].is("=") {
					return tokens[j-2].text
				}
				return ""
			}
		}
	}
	return ""
}
