package diag

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// Syntax explains why a file could not be parsed. Starlark's parser stops at
// its first error, but Syntax reports all Python constructs of a file at once.
// The text must have been added to sources under the error's file name.
func Syntax(err syntax.Error, sources *Sources) []Diagnostic {
	name := err.Pos.Filename()
	src := sources.file(name)
	if src == nil {
		return []Diagnostic{{Code: CodeSyntax, Severity: Error, Message: err.Msg, Span: At(err.Pos)}}
	}
	if d := otherFormat(name, src); d != nil {
		return []Diagnostic{*d}
	}
	found := pythonisms(name, src.tokens)
	own := syntaxError(err, name, src)
	for _, d := range found {
		if d.Span.Line == own.Span.Line || d.Span.Line == int(err.Pos.Line) {
			return found // the parser stopped at the same place
		}
	}
	return append(found, own)
}

// syntaxError explains the parser's own error. Its position is often the end of
// the unexpected word, or the line after it.
func syntaxError(err syntax.Error, name string, src *source) Diagnostic {
	d := Diagnostic{Code: CodeSyntax, Severity: Error, Message: err.Msg, Span: At(err.Pos)}
	i := offender(src.tokens, d.Span, err.Msg)
	if i >= 0 {
		d.Span = src.tokens[i].span(name)
	}
	open, mismatch := brackets(src.tokens, i)
	got, want, isGot := strings.Cut(strings.TrimPrefix(err.Msg, "got "), ", want ")
	if text, span := unquoted(src.tokens, i); text != "" {
		d.Span, d.Span.File = span, name
		d.Message, d.Label = fmt.Sprintf("`%s` needs quotes", text), fmt.Sprintf("write %q", text)
		return d
	}
	switch {
	case strings.Contains(err.Msg, "in string"):
		d.Message, d.Label = "this string is never closed", `end it with the same quote, or begin it with """ to go over several lines`
	case strings.Contains(err.Msg, "does not associate"):
		d.Code, d.Message = CodePython, "comparisons cannot be chained"
		d.Label = "write `a < b and b < c`"
	case strings.HasPrefix(err.Msg, "load statement must import"):
		d.Message, d.Label = "this load names nothing to import", `write load("file.star", "name")`
	case strings.Contains(err.Msg, "unindent does not match"):
		d.Message, d.Label = "the indentation of this line matches no block around it", "align it with the block it belongs to"
	case err.Msg == "not an identifier":
		d.Message = "a name is expected here"
	case strings.HasPrefix(err.Msg, "conditional expression without else"):
		d.Message, d.Label = "a value with `if` needs an `else`", "write a if condition else b"
	case strings.HasPrefix(err.Msg, "keyword argument must have"):
		d.Message, d.Label = "the name of an argument must be a plain word", "write name = value"
	case mismatch >= 0:
		closing, opening := src.tokens[mismatch], src.tokens[open]
		d.Span = closing.span(name)
		d.Message = fmt.Sprintf("`%s` does not match the open `%s`", closing.text, opening.text)
		d.Label = fmt.Sprintf("is a `%s` missing before this?", closer(opening.text))
		d.Related = []Related{{Span: opening.span(name), Label: "opened here"}}
	case open >= 0 && (i < 0 || strings.HasPrefix(err.Msg, "got end of file")):
		opening := src.tokens[open]
		d.Span = opening.span(name)
		d.Message = fmt.Sprintf("`%s` is never closed", opening.text)
		d.Label = fmt.Sprintf("the `%s` for this is missing", closer(opening.text))
	case isGot && strings.HasPrefix(err.Msg, "got "):
		unexpected(&d, src.tokens, i, open, got, want)
	case strings.HasPrefix(err.Msg, "unexpected input character") || strings.HasPrefix(err.Msg, "unexpected '"):
		d.Span = At(err.Pos)
		d.Message, d.Label = strangeCharacter(src.from(int(err.Pos.Line), int(err.Pos.Col)))
	}
	return d
}

// unexpected words "got X, want Y".
func unexpected(d *Diagnostic, tokens []token, i, open int, got, want string) {
	if i < 0 {
		return
	}
	word := "`" + printable(tokens[i].text) + "`"
	if len(word) > 32 || tokens[i].kind == tokenString {
		word = got
	}
	want = strings.ReplaceAll(want, "'", "`")
	closing := want == "`,`" || want == "`)`" || want == "`]`" || want == "`}`" || strings.Contains(want, ", for, or if")
	value := slices.Contains([]tokenKind{tokenName, tokenNumber, tokenString}, tokens[i].kind)
	switch {
	case got == "newline" && want == "primary expression":
		d.Message, d.Label = "the line ends where a value is expected", "after this"
	case got == "newline":
		d.Message, d.Label = fmt.Sprintf("the line ends where %s is expected", want), "after this"
	case got == "indent":
		d.Message, d.Label = "this line is indented but belongs to no block", "remove the spaces before it"
	case got == "outdent" || want == "indent":
		d.Message, d.Label = "a block is expected here", "indent at least one line; write `pass` if there is nothing to do"
	case got == "'='" && condition(tokens, i):
		d.Message, d.Label = "`=` assigns and does not compare", "did you mean `==`?"
	case got == "':'" && open >= 0 && tokens[open].is("(") && i > 0 && tokens[i-1].kind == tokenName:
		d.Message, d.Label = "`:` does not give an argument its value", fmt.Sprintf("write %s = %s", tokens[i-1].text, simpleValue(tokens, i+1))
	case closing && value && open >= 0:
		d.Message, d.Label = fmt.Sprintf("unexpected %s", word), "is a comma missing before this?"
	case want == "primary expression":
		d.Message, d.Label = fmt.Sprintf("unexpected %s", word), "a value is expected here"
	case want == "newline":
		d.Message, d.Label = fmt.Sprintf("unexpected %s", word), "the statement ends before this"
	default:
		d.Message, d.Label = fmt.Sprintf("unexpected %s", word), "expected "+want
	}
}

// simpleValue returns the value that begins at a token if it is only a word, and
// else an ellipsis.
func simpleValue(tokens []token, i int) string {
	if t := at(tokens, i); t.kind != tokenOp && t.kind != tokenNewline && len(t.text) < 32 && valueBetween(token{kind: tokenOp, text: ","}, at(tokens, i+1)) {
		return printable(t.text)
	}
	return "…"
}

// offender finds the token that an error at a position is about: the last token
// that begins before it, or the last of its line if the line ended too soon. If
// a value is missing, the parser gives the start of the unexpected token, as
// the scanner always does.
func offender(tokens []token, at Span, msg string) int {
	found := -1
	newline := strings.HasPrefix(msg, "got newline")
	start := strings.HasSuffix(msg, "want primary expression") || !strings.HasPrefix(msg, "got ")
	for i, t := range tokens {
		if t.line > at.Line || t.line == at.Line && t.col > at.Col {
			break
		}
		if t.kind == tokenComment || t.kind == tokenNewline {
			continue
		}
		// The position of an error can also be the token's own start.
		if start || t.line < at.Line || t.col < at.Col || found < 0 || t.kind == tokenString {
			found = i
		}
	}
	if newline && found >= 0 && tokens[found].line == at.Line && tokens[found].first {
		for i := found - 1; i >= 0; i-- {
			if tokens[i].kind != tokenComment && tokens[i].kind != tokenNewline {
				return i
			}
		}
	}
	return found
}

// brackets returns the innermost bracket that is still open at token last (or
// at the end, if last is negative), and the first closing bracket that does not
// match. Either is -1 if there is none.
func brackets(tokens []token, last int) (open, mismatch int) {
	var stack []int
	for i, t := range tokens {
		if last >= 0 && i > last {
			break
		}
		switch {
		case t.kind != tokenOp:
		case strings.Contains("([{", t.text):
			stack = append(stack, i)
		case strings.Contains(")]}", t.text) && len(stack) > 0:
			top := stack[len(stack)-1]
			if closer(tokens[top].text) != t.text {
				return top, i
			}
			stack = stack[:len(stack)-1]
		}
	}
	if len(stack) == 0 {
		return -1, -1
	}
	return stack[len(stack)-1], -1
}

// condition reports whether the token at i is part of an if, elif or return.
func condition(tokens []token, i int) bool {
	for ; i >= 0; i-- {
		if t := tokens[i]; t.first {
			return t.is("if") || t.is("elif") || t.is("return") || t.is("while")
		}
	}
	return false
}

func closer(open string) string {
	return map[string]string{"(": ")", "[": "]", "{": "}"}[open]
}
