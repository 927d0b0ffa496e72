package diag

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// Sources holds the files of a configuration: their text, to show lines, and
// their syntax, to find the expression at a position. The zero value is empty
// and ready for use. It is not safe for concurrent use.
type Sources struct {
	files map[string]*source
}

type source struct {
	lines  []string
	tokens []token
	deep   *token // the token where the file is too deep and tokens ends, or nil
	calls  map[place]*syntax.CallExpr
	nodes  map[place]syntax.Node // by the position that Starlark reports
	truths []truth               // in the order of the text
	bound  map[string]int        // the line of the first statement that binds each global name
}

// A place is a syntax.Position without its file.
type place struct{ line, col int32 }

func placeOf(p syntax.Position) place { return place{p.Line, p.Col} }

// Add adds the text of a file under the name that positions carry.
func (s *Sources) Add(name, text string) {
	if s.files == nil {
		s.files = make(map[string]*source)
	}
	src := &source{
		lines: strings.Split(text, "\n"),
		calls: make(map[place]*syntax.CallExpr),
		nodes: make(map[place]syntax.Node),
	}
	var at token
	var deep bool
	if src.tokens, at, deep = lexUntil(text, maxDepth); deep {
		src.deep = &at
	}
	s.files[name] = src
}

// Index adds the expressions of a parsed file. Its text must have been added
// under the same name.
func (s *Sources) Index(f *syntax.File) {
	src := s.files[f.Path]
	if src == nil {
		return
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			src.calls[placeOf(n.Lparen)] = n
			src.nodes[placeOf(n.Lparen)] = n
		case *syntax.BinaryExpr:
			src.nodes[placeOf(n.OpPos)] = n
			if n.Op == syntax.AND || n.Op == syntax.OR {
				src.truths = append(src.truths, truth{n.Op, n.OpPos, n.X})
			}
		case *syntax.UnaryExpr:
			src.nodes[placeOf(n.OpPos)] = n
			if n.Op == syntax.NOT {
				src.truths = append(src.truths, truth{n.Op, n.OpPos, n})
			}
		case *syntax.DotExpr:
			src.nodes[placeOf(n.Dot)] = n.Name
		case *syntax.IndexExpr:
			src.nodes[placeOf(n.Lbrack)] = n
		case *syntax.SliceExpr:
			src.nodes[placeOf(n.Lbrack)] = n
		case *syntax.LoadStmt:
			src.nodes[placeOf(n.Load)] = n.Module
		case *syntax.ForStmt:
			src.nodes[placeOf(n.For)] = n.X
		case *syntax.ForClause:
			src.nodes[placeOf(n.For)] = n.X
		}
		return true
	})
	src.bound = globals(f)
}

// Call returns the call whose opening parenthesis is at pos, which is the
// position that Starlark gives to the frame of a call. It returns nil if the
// call is unknown.
func (s *Sources) Call(pos syntax.Position) *syntax.CallExpr {
	if s == nil || !pos.IsValid() {
		return nil
	}
	if src := s.files[pos.Filename()]; src != nil {
		return src.calls[placeOf(pos)]
	}
	return nil
}

// Span returns the span of an expression, cut at the end of its first line. For
// a call over several lines, it is the span of the called expression.
func (s *Sources) Span(n syntax.Node) Span {
	start, end := n.Span()
	if call, ok := n.(*syntax.CallExpr); ok && start.Line != end.Line {
		start, end = call.Fn.Span()
	}
	switch n.(type) {
	case *syntax.IndexExpr, *syntax.SliceExpr:
		end.Col++ // their end is the position of the bracket
	}
	span := At(start)
	span.End = int(end.Col)
	if start.Line != end.Line {
		span.End = s.lineEnd(span)
	}
	return span
}

// lineEnd returns the column after the last character of a span's line, without
// its comment and trailing spaces.
func (s *Sources) lineEnd(span Span) int {
	src := s.file(span.File)
	if src == nil || span.Line > len(src.lines) {
		return span.Col + 1
	}
	end := utf8.RuneCountInString(strings.TrimRight(src.lines[span.Line-1], " \t\r")) + 1
	last := span.Col + 1
	for _, t := range src.tokens {
		if t.line == span.Line && t.kind != tokenComment && t.kind != tokenNewline {
			last = max(last, t.end)
		}
	}
	return min(last, end)
}

// At returns the span of the expression whose operator, parenthesis or dot is
// at a position, or else of the word there.
func (s *Sources) At(pos syntax.Position) Span {
	span := At(pos)
	src := s.file(span.File)
	if src == nil {
		return span
	}
	if n := src.nodes[placeOf(pos)]; n != nil {
		return s.Span(n)
	}
	return s.Word(span)
}

// Word widens a span to the whole word that begins there.
func (s *Sources) Word(span Span) Span {
	src := s.file(span.File)
	if src == nil {
		return span
	}
	for _, t := range src.tokens {
		if t.line != span.Line || t.kind == tokenNewline {
			continue
		}
		// Starlark gives the names in a load the position within the quotes.
		if t.col == span.Col || t.kind == tokenString && t.col < span.Col && span.Col < t.end {
			span.Col, span.End = t.col, t.end
			break
		}
	}
	return span
}

// String returns the span of the string literal with this text on the line of a
// span, or the span itself.
func (s *Sources) String(span Span, text string) Span {
	src := s.file(span.File)
	if src == nil {
		return span
	}
	for _, t := range src.tokens {
		if t.kind == tokenString && t.line >= span.Line && strings.Trim(t.text, `"'`) == text {
			return t.span(span.File)
		}
	}
	return span
}

// Keyword returns the span of the argument with this name in the call that begins at
// a span, or the span itself.
func (s *Sources) Keyword(span Span, name string) Span {
	src := s.file(span.File)
	if src == nil {
		return span
	}
	depth, begun := 0, false
	for i, t := range src.tokens {
		switch {
		case t.line < span.Line || t.line == span.Line && t.col < span.Col:
		case !begun:
			depth, begun = t.depth, true
		case t.depth <= depth && (t.kind == tokenNewline || t.is(")") || t.is(",")):
			return span
		case t.depth == depth+1 && t.kind == tokenName && t.text == name && at(src.tokens, i+1).is("="):
			return t.span(span.File)
		}
	}
	return span
}

// Line returns a line of a file.
func (s *Sources) Line(file string, line int) (string, bool) {
	src := s.file(file)
	if src == nil || line < 1 || line > len(src.lines) {
		return "", false
	}
	return strings.TrimRight(src.lines[line-1], "\r"), true
}

// Text returns the text of a file.
func (s *Sources) Text(file string) (string, bool) {
	src := s.file(file)
	if src == nil {
		return "", false
	}
	return strings.Join(src.lines, "\n"), true
}

// Ignored reports whether a comment on the line of a span silences a warning,
// as in "# ldcorn: ignore=W103,W104".
func (s *Sources) Ignored(span Span, code string) bool {
	src := s.file(span.File)
	if src == nil {
		return false
	}
	for _, t := range src.tokens {
		if t.kind != tokenComment || t.line != span.Line {
			continue
		}
		_, rest, found := strings.Cut(strings.ReplaceAll(t.text, " ", ""), "ldcorn:ignore=")
		if found && slices.Contains(strings.Split(rest, ","), code) {
			return true
		}
	}
	return false
}

func (s *Sources) file(name string) *source {
	if s == nil {
		return nil
	}
	return s.files[name]
}
