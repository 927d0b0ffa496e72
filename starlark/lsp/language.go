package lsp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/reference"
)

// A language is the table of the words, and what Starlark has besides.
type language struct {
	words   map[string]*builtin.Word
	types   map[string]*builtin.Type
	members map[string][]string // of modules, such as json
	others  []string            // names of Starlark
}

// theLanguage returns the table, which is the same for all.
var theLanguage = sync.OnceValue(func() *language {
	l := &language{words: make(map[string]*builtin.Word), types: make(map[string]*builtin.Type), members: make(map[string][]string)}
	for _, w := range builtin.Words() {
		l.words[w.Name] = &w
		if base, member, dotted := strings.Cut(w.Name, "."); dotted {
			l.members[base] = append(l.members[base], member)
		}
	}
	for _, t := range builtin.Types() {
		l.types[t.Name] = &t
	}
	names := maps.Clone(map[string]starlark.Value(builtin.NewSession(builtin.Options{}).Predeclared()))
	maps.Copy(names, starlark.Universe)
	for name, v := range names {
		if !unicode.IsLetter(rune(name[0])) || l.words[name] != nil {
			continue
		}
		l.others = append(l.others, name)
		if module, ok := v.(starlark.HasAttrs); ok && l.members[name] == nil && v.Type() == "module" {
			l.members[name] = module.AttrNames()
		}
	}
	slices.Sort(l.others)
	return l
})

// typeOf guesses the type of a name for the i-th token: that of the argument of a test
// or of a router.
func (l *language) typeOf(s *syntax, name string, i int) *builtin.Type {
	f := s.within(i)
	if f == nil || len(f.parameters) == 0 || s.tokens[f.parameters[0]].Text != name {
		return nil
	}
	called := s.tokens[f.name].Text
	if strings.HasPrefix(called, "test_") {
		return l.types[builtin.TestType().Name]
	}
	if name == "req" || name == "request" || s.routes(called) {
		return l.types[builtin.RequestType().Name]
	}
	return nil
}

// routes reports whether router= names a function.
func (s *syntax) routes(function string) bool {
	for i := range s.tokens {
		if s.tokens[i].Is("router") && s.text(i+1) == "=" && s.text(i+2) == function {
			return true
		}
	}
	return false
}

// word returns the word that a callee names for the i-th token, or nil.
func (l *language) word(s *syntax, callee string, i int) *builtin.Word {
	if w := l.words[callee]; w != nil {
		if s.define(callee, i) >= 0 {
			return nil // the file gives the name another meaning
		}
		return w
	}
	base, member, dotted := strings.Cut(callee, ".")
	if !dotted {
		return nil
	}
	if t := l.typeOf(s, base, i); t != nil {
		for k := range t.Methods {
			if t.Methods[k].Name == member {
				return &t.Methods[k]
			}
		}
	}
	return nil
}

// argument returns the argument of a word that a bracket is in, or nil.
func argument(w *builtin.Word, b *bracket) *builtin.Argument {
	if b.keyword != "" {
		return argumentNamed(w, b.keyword)
	}
	for i := range w.Arguments {
		a := &w.Arguments[i]
		if a.Variadic || i == b.index && !a.Keyword {
			return a
		}
	}
	return nil
}

func argumentNamed(w *builtin.Word, name string) *builtin.Argument {
	for i := range w.Arguments {
		if w.Arguments[i].Name == name {
			return &w.Arguments[i]
		}
	}
	return nil
}

// wordNote describes a word in Markdown.
func wordNote(w *builtin.Word) string {
	result := w.Returns
	if w.Like != "" {
		result = "the type of " + w.Like
	}
	return fmt.Sprintf("```python\n%s -> %s\n```\n\n%s", reference.Signature(short(w)), result, w.Doc)
}

const shownArguments = 8 // of a signature

// short returns a word without the arguments that would make its signature too long.
func short(w *builtin.Word) *builtin.Word {
	if len(w.Arguments) <= shownArguments {
		return w
	}
	out := *w
	out.Arguments = slices.DeleteFunc(slices.Clone(w.Arguments), func(a builtin.Argument) bool { return a.Keyword })
	out.Arguments = append(out.Arguments, builtin.Argument{Name: "…", Keyword: true, Required: true})
	return &out
}

// argumentNote describes an argument in Markdown.
func argumentNote(w *builtin.Word, a *builtin.Argument) string {
	out := fmt.Sprintf("```python\n%s: %s\n```\n\n%s", a.Name, a.Type, a.Doc)
	if len(a.Choices) > 0 {
		quoted := make([]string, len(a.Choices))
		for i, c := range a.Choices {
			quoted[i] = code(fmt.Sprintf("%q", c))
		}
		out += "\n\nOne of " + strings.Join(quoted, ", ") + "."
	}
	out += "\n\nArgument of " + code(w.Name)
	if facts := reference.Facts(a); facts != "" {
		out += "; " + facts
	}
	return out + "."
}

// attributeNote describes an attribute of a type in Markdown, or returns "".
func attributeNote(t *builtin.Type, name string) string {
	for _, p := range t.Properties {
		if p.Name == name {
			return fmt.Sprintf("```python\n%s.%s: %s\n```\n\n%s", t.Name, p.Name, p.Type, p.Doc)
		}
	}
	for i := range t.Methods {
		if m := &t.Methods[i]; m.Name == name {
			return wordNote(m)
		}
	}
	return ""
}

// takes reports whether the type of an argument names a type, alone or in a list.
func takes(a *builtin.Argument, name string) bool {
	return slices.Contains(strings.FieldsFunc(a.Type, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' }), name)
}

// returning returns the words whose result an argument takes, in order.
func (l *language) returning(a *builtin.Argument) []*builtin.Word {
	var out []*builtin.Word
	for _, w := range l.words {
		switch w.Returns {
		case "str", "int", "float", "bool", "None", "any", "":
			continue
		}
		if takes(a, w.Returns) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b *builtin.Word) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
