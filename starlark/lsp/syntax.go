package lsp

import (
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A syntax is what the tokens of a text tell. The text need not be correct.
type syntax struct {
	tokens    []diag.Token
	functions []function
	globals   map[string]int // tokens of the names that the top level defines, first ones
	loads     []loaded
	closing   map[int]int // the tokens that close brackets, by those that open them; nil if unknown
}

// A function is a def, with the lines that are indented below it.
type function struct {
	name       int   // its token
	parameters []int // tokens
	body       int   // the token after the parameters
	end        int   // the token after the function
	locals     []int // tokens of the names that it assigns
	inner      bool  // it is not at the top level
}

// A loaded is a load statement.
type loaded struct {
	file  int // the token of its string
	names []loadedName
}

// A loadedName is a name that a load binds.
type loadedName struct {
	as   string // in this file
	name string // in the other file
	at   int    // the token of its string
}

// parse splits a text into tokens and finds the names that it defines.
func parse(text string) *syntax {
	s := &syntax{globals: make(map[string]int)}
	for _, t := range diag.Tokens(text) {
		if t.Kind != diag.Newline {
			s.tokens = append(s.tokens, t)
		}
	}
	var open []int // functions that the current line is in
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.Kind == diag.Comment {
			continue
		}
		if t.First {
			for len(open) > 0 && t.Col <= s.tokens[s.functions[open[len(open)-1]].name].Col-len("def ") {
				s.functions[open[len(open)-1]].end = i
				open = open[:len(open)-1]
			}
		}
		switch {
		case !t.First:
		case t.Is("def") && s.is(i+1, diag.Name):
			s.functions = append(s.functions, s.function(i, len(open) > 0))
			open = append(open, len(s.functions)-1)
		case t.Is("load") && s.text(i+1) == "(":
			s.load(i + 2)
		default:
			for _, at := range s.assigned(i) {
				name := s.tokens[at].Text
				if len(open) > 0 {
					f := &s.functions[open[len(open)-1]]
					f.locals = append(f.locals, at)
				} else if _, known := s.globals[name]; !known {
					s.globals[name] = at
				}
			}
		}
	}
	for _, f := range open {
		s.functions[f].end = len(s.tokens)
	}
	for _, f := range s.functions {
		if name := s.tokens[f.name].Text; !f.inner {
			if _, known := s.globals[name]; !known {
				s.globals[name] = f.name
			}
		}
	}
	return s
}

// is reports whether the i-th token exists and is of a kind.
func (s *syntax) is(i int, kind diag.Kind) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].Kind == kind
}

// text returns the i-th token if it is an operator or a word, or "".
func (s *syntax) text(i int) string {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].Kind == diag.String || s.tokens[i].Kind == diag.Comment {
		return ""
	}
	return s.tokens[i].Text
}

// assigned returns the tokens of the names to which the statement that begins at the
// i-th token gives values.
func (s *syntax) assigned(i int) (out []int) {
	end := map[string]bool{"=": true, "+=": true, "-=": true, "*=": true, "|=": true}
	if s.text(i) == "for" {
		i++
		end = map[string]bool{"in": true}
	}
	for ; s.is(i, diag.Name); i += 2 {
		out = append(out, i)
		if end[s.text(i+1)] {
			return out
		}
		if s.text(i+1) != "," {
			break
		}
	}
	return nil
}

// function returns the function of the def at the i-th token.
func (s *syntax) function(i int, inner bool) function {
	f := function{name: i + 1, inner: inner}
	depth := s.tokens[i].Depth
	j := i + 2
	for ; j < len(s.tokens) && !s.tokens[j].First; j++ {
		t := &s.tokens[j]
		if before := s.text(j - 1); t.Kind == diag.Name && t.Depth == depth+1 && (before == "(" || before == "," || before == "*" || before == "**") {
			f.parameters = append(f.parameters, j)
		}
		if t.Is(")") && t.Depth == depth {
			break
		}
	}
	f.body, f.end = j, len(s.tokens)
	return f
}

// load reads the arguments of a load, from the i-th token on.
func (s *syntax) load(i int) {
	if !s.is(i, diag.String) {
		return
	}
	l := loaded{file: i}
	for i++; i < len(s.tokens) && !s.tokens[i].First && s.text(i) != ")"; i++ {
		if t := &s.tokens[i]; t.Kind == diag.String {
			name := loadedName{name: unquote(t), at: i}
			name.as = name.name
			if s.text(i-1) == "=" && s.is(i-2, diag.Name) {
				name.as = s.text(i - 2)
			}
			l.names = append(l.names, name)
		}
	}
	s.loads = append(s.loads, l)
}

// unquote returns the text of a string, without escapes resolved.
func unquote(t *diag.Token) string {
	text := t.Text[len(t.Prefix):]
	quote := text[:1]
	if strings.HasPrefix(text, strings.Repeat(quote, 3)) {
		quote = text[:3]
	}
	text = text[len(quote):]
	return strings.TrimSuffix(text, quote)
}

// token returns the token that holds an offset, or else the one that ends there, or -1.
func (s *syntax) token(offset int) int {
	i, found := slices.BinarySearchFunc(s.tokens, offset, func(t diag.Token, at int) int { return t.At - at })
	if found && (s.tokens[i].Kind != diag.Op || i == 0 || s.tokens[i-1].End() < offset) {
		return i
	}
	if i--; i >= 0 && offset <= s.tokens[i].End() {
		return i
	}
	if found {
		return i + 1
	}
	return -1
}

// within returns the function that holds the i-th token, or nil. It is the innermost one.
func (s *syntax) within(i int) *function {
	for k := len(s.functions) - 1; k >= 0; k-- {
		if f := &s.functions[k]; f.name < i && i < f.end {
			return f
		}
	}
	return nil
}

// define returns the token that defines a name for the i-th token, or -1.
func (s *syntax) define(name string, i int) int {
	for k := len(s.functions) - 1; k >= 0; k-- {
		f := &s.functions[k]
		if i <= f.name || i >= f.end {
			continue
		}
		for _, at := range slices.Concat(f.parameters, f.locals) {
			if s.tokens[at].Text == name {
				return at
			}
		}
	}
	if at, ok := s.globals[name]; ok {
		return at
	}
	return -1
}

// binds returns the load that binds a name, or nil.
func (s *syntax) binds(name string) (*loaded, *loadedName) {
	for i := range s.loads {
		for k := range s.loads[i].names {
			if n := &s.loads[i].names[k]; n.as == name {
				return &s.loads[i], n
			}
		}
	}
	return nil, nil
}

// A bracket is an open bracket around an offset.
type bracket struct {
	open    int    // its token
	callee  string // of a call, with dots; "" if it is no call
	fn      int    // the first token of the callee
	index   int    // of the argument, among all
	keyword string // the name of the argument, if it is passed by name
	given   []string
}

// brackets returns the brackets around the beginning of the i-th token, outermost first.
func (s *syntax) brackets(i int) []bracket {
	var out []bracket
	for j := range s.tokens[:i] {
		switch s.text(j) {
		case "(", "[", "{":
			b := bracket{open: j}
			if s.text(j) == "(" {
				b.callee, b.fn = s.callee(j)
			}
			out = append(out, b)
		case ")", "]", "}":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
		case ",":
			if len(out) > 0 {
				b := &out[len(out)-1]
				b.index++
				b.keyword = ""
			}
		case "=":
			if len(out) > 0 && s.keyword(j-1) {
				b := &out[len(out)-1]
				b.keyword = s.text(j - 1)
				b.given = append(b.given, b.keyword)
			}
		}
	}
	return out
}

// keyword reports whether the i-th token is the name of an argument of a call.
func (s *syntax) keyword(i int) bool {
	before := s.text(i - 1)
	return s.is(i, diag.Name) && (before == "(" || before == ",") && s.text(i+1) == "=" && s.tokens[i].Depth > 0
}

// callee returns the name before an opening bracket, with its dots, and its first token.
func (s *syntax) callee(open int) (name string, first int) {
	first = open
	for i := open - 1; s.is(i, diag.Name) && !s.tokens[open].First; i -= 2 {
		name = s.tokens[i].Text + name
		first = i
		if s.text(i-1) != "." {
			break
		}
		name = "." + name
	}
	if s.text(first-1) == "def" {
		return "", first
	}
	return strings.TrimPrefix(name, "."), first
}

// later returns the names of arguments that follow the i-th token in its call.
func (s *syntax) later(i int) (out []string) {
	depth := 0
	for ; i < len(s.tokens) && depth >= 0; i++ {
		switch s.text(i) {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		default:
			if depth == 0 && s.keyword(i) {
				out = append(out, s.text(i))
			}
		}
	}
	return out
}

// matching returns the token that closes the bracket at the i-th token, or the last one.
func (s *syntax) matching(i int) int {
	if s.closing == nil {
		s.closing = make(map[int]int)
		var open []int
		for j := range s.tokens {
			switch s.text(j) {
			case "(", "[", "{":
				open = append(open, j)
			case ")", "]", "}":
				if len(open) > 0 {
					s.closing[open[len(open)-1]] = j
					open = open[:len(open)-1]
				}
			}
		}
	}
	if j, ok := s.closing[i]; ok {
		return j
	}
	return len(s.tokens) - 1
}
