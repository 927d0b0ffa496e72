package reference

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// StubMark begins every stub file and distinguishes it from files that others
// wrote.
const StubMark = "# Written by ldcorn stubs"

//go:embed stub_types.pyi
var stubTypes string

//go:embed stub_universe.pyi
var stubUniverse string

// WriteStub writes the words as a Python stub file. A type checker that finds
// it as __builtins__.pyi in the root of a project knows the words in every
// file.
func WriteStub(w io.Writer) error {
	text, err := stub(builtin.Words())
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

func stub(words []builtin.Word) (string, error) {
	s := &stubWriter{arguments: newAnnotator(true), returns: newAnnotator(false)}
	s.out.WriteString(StubMark + ", for editors and type checkers.\n")
	s.out.WriteString("# It declares the names that ldconfig.star has besides Python's own. Do not edit it.\n\n")
	s.out.WriteString(stubTypes)
	for _, t := range builtin.Types() {
		s.values(&t)
	}
	for i, word := range words {
		base, _, dotted := strings.Cut(word.Name, ".")
		switch {
		case dotted: // written with the word that it belongs to
		case s.returns.names[word.Returns] == word.Name:
			s.class(&word)
		case word.Like != "":
			s.overloads(&word)
		case i+1 < len(words) && strings.HasPrefix(words[i+1].Name, base+"."):
			s.family(base, words[i:])
		default:
			s.out.WriteByte('\n')
			s.function(word.Name, &word, "")
		}
	}
	s.out.WriteByte('\n')
	s.out.WriteString(stubUniverse)
	return s.out.String(), s.err
}

// A stubWriter writes a stub file and keeps its first error.
type stubWriter struct {
	out                strings.Builder
	arguments, returns *annotator
	err                error
}

// values writes a type whose values the configuration receives.
func (s *stubWriter) values(t *builtin.Type) {
	fmt.Fprintf(&s.out, "\nclass %s:\n    %s\n", t.Name, quoteDoc(t.Doc))
	for _, p := range t.Properties {
		fmt.Fprintf(&s.out, "\n    @property\n    def %s(self) -> %s:\n        %s\n", p.Name, s.annotation(s.returns, p.Type, p.Name), quoteDoc(p.Doc))
	}
	for _, m := range t.Methods {
		s.out.WriteByte('\n')
		s.function(m.Name, &m, "    ")
	}
}

// class writes a word that makes a value of its own type.
func (s *stubWriter) class(word *builtin.Word) {
	fmt.Fprintf(&s.out, "\nclass %s:\n", word.Name)
	s.function("__init__", word, "    ")
}

// overloads writes a word whose result has the type of an argument, as a function for
// each type.
func (s *stubWriter) overloads(word *builtin.Word) {
	for _, one := range split(word.Returns, '|') {
		of := *word
		of.Returns = one
		of.Arguments = slices.Clone(word.Arguments)
		for i := range of.Arguments {
			if of.Arguments[i].Name == word.Like {
				of.Arguments[i].Type = one
			}
		}
		s.out.WriteString("\n@overload\n")
		s.function(word.Name, &of, "")
	}
}

// family writes a word that has others below it, such as env and env.int, as an
// object that can be called.
func (s *stubWriter) family(name string, words []builtin.Word) {
	class := "_" + strings.ToUpper(name[:1]) + name[1:]
	fmt.Fprintf(&s.out, "\nclass %s:\n", class)
	for _, word := range words {
		switch base, method, dotted := strings.Cut(word.Name, "."); {
		case base != name:
		case dotted:
			s.function(method, &word, "    ")
		default:
			s.function("__call__", &word, "    ")
		}
	}
	fmt.Fprintf(&s.out, "\n%s: %s\n", name, class)
}

// function writes a word as a function, or as a method if it is indented.
func (s *stubWriter) function(name string, word *builtin.Word, indent string) {
	var parameters []string
	if indent != "" {
		parameters = append(parameters, "self")
	}
	optional, keyword := false, false
	for _, a := range word.Arguments {
		if a.Keyword && !keyword {
			keyword = true
			parameters = append(parameters, "*")
		}
		if a.Variadic {
			keyword = true
			parameters = append(parameters, "*"+s.parameter(&a, false))
			continue
		}
		optional = optional || !a.Required
		parameters = append(parameters, s.parameter(&a, optional && !keyword))
	}
	list := strings.Join(parameters, ", ")
	if len(parameters) > 4 {
		sep := ",\n" + indent + "    "
		list = sep[1:] + strings.Join(parameters, sep) + ",\n" + indent
	}
	fmt.Fprintf(&s.out, "%sdef %s(%s) -> %s:\n", indent, name, list, s.result(name, word))
	s.docstring(word, indent+"    ")
}

func (s *stubWriter) result(name string, word *builtin.Word) string {
	switch {
	case name == "__init__":
		return "None"
	case word.Name == "env", word.Like != "" && word.Returns == "str":
		return "EnvStr" // a str that is accepted even where only certain strings are
	}
	return s.annotation(s.returns, word.Returns, word.Name)
}

// parameter writes an argument. In Python, a positional parameter after an
// optional one must be optional too, so only check finds out whether workers
// was given.
func (s *stubWriter) parameter(a *builtin.Argument, optional bool) string {
	of := s.annotation(s.arguments, a.Type, a.Name)
	if a.Choices != nil {
		of = strings.Replace(of, "str", literal(a.Choices)+" | EnvStr", 1)
	}
	switch {
	case a.Required && !optional:
		return a.Name + ": " + of
	case a.Default == "":
		return a.Name + ": " + of + " = ..."
	}
	return a.Name + ": " + of + " = " + a.Default
}

func (s *stubWriter) annotation(by *annotator, expr, of string) string {
	text, err := by.annotate(expr)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("stub of %s: %w", of, err)
	}
	return text
}

func literal(choices []string) string {
	quoted := make([]string, len(choices))
	for i, c := range choices {
		quoted[i] = strconv.Quote(c)
	}
	return "Literal[" + strings.Join(quoted, ", ") + "]"
}

// docstring writes the documentation of a word and its arguments, one per line,
// which is the form that editors read.
func (s *stubWriter) docstring(word *builtin.Word, indent string) {
	line := func(text string) {
		text = strings.ReplaceAll(text, `\`, `\\`)
		fmt.Fprintf(&s.out, "%s%s\n", indent, strings.ReplaceAll(text, `"""`, `\"""`))
	}
	s.out.WriteString(indent + `"""` + word.Doc + "\n")
	if len(word.Arguments) > 0 {
		s.out.WriteString("\n")
		line("Args:")
	}
	for _, a := range word.Arguments {
		text := "    " + a.Name + ": " + a.Doc
		if f := Facts(&a); f != "" {
			text += " (" + f + ")"
		}
		line(text)
	}
	s.out.WriteString(indent + "\"\"\"\n")
}

// quoteDoc returns a text as a one-line docstring.
func quoteDoc(text string) string {
	return `"""` + strings.NewReplacer(`\`, `\\`, `"""`, `\"""`).Replace(text) + `"""`
}
