package builtin

import (
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// An Argument is one argument of a Word: a row of the table that drives
// reading, suggestions and reference docs.
type Argument struct {
	Name     string
	Type     string      // "int", "list[str]", "key | None"
	Choices  []string    // where only these strings will do
	Default  string      // as the configuration would write it; "" where there is none
	Absent   string      // what leaving it out means, where it is neither Required nor has a Default
	Required bool        // must be given
	Keyword  bool        // only by name
	Variadic bool        // takes all values by place from its own on, and none by name; Type is of one
	Unit     string      // of a plain number, where it has one
	Rule     string      // what the value must be, beyond its type
	Effect   plan.Effect // of another value on a running master; "" where there is none
	Doc      string      // one or two sentences
	Example  string      // what to write, for where it is missing

	aka []string // what people call it elsewhere
}

// OtherNames returns what people call the argument elsewhere. None of them is
// accepted: they lead to a suggestion.
func (a *Argument) OtherNames() []string { return slices.Clone(a.aka) }

// A Word is a function of the configuration language.
type Word struct {
	Name      string // with its dot, as in env.int
	Returns   string // its type, as in a stub file
	Doc       string
	Arguments []Argument

	aka []string // what people call it elsewhere
}

// Words returns every word with its arguments, in the order that reference
// docs show them. The caller may change the slices.
func Words() []Word {
	return slices.Concat([]Word{ldConfigWord(), workerGroupWord()}, matcherWordsAlone(), keyWords(), headerWords(), decisionWords(), envWords(), []Word{secretWord(), secretFileWord(), cpuCountWord()})
}

// argument returns the argument of a name, or nil.
func (w *Word) argument(name string) *Argument {
	if i := w.index(name); i >= 0 {
		return &w.Arguments[i]
	}
	return nil
}

// index returns that of the argument of a name, or -1.
func (w *Word) index(name string) int {
	for i := range w.Arguments {
		if w.Arguments[i].Name == name {
			return i
		}
	}
	return -1
}

// near returns the argument that somebody who wrote name most likely meant.
func (w *Word) near(name string) string {
	var names []string
	for _, a := range w.Arguments {
		for _, other := range a.aka {
			if strings.EqualFold(other, name) {
				return a.Name
			}
		}
		names = append(names, a.Name)
	}
	return diag.Near(name, names)
}

// positional returns the arguments that may be given by place.
func (w *Word) positional() []Argument {
	for i, a := range w.Arguments {
		if a.Keyword {
			return w.Arguments[:i]
		}
	}
	return w.Arguments
}

// A field is an argument that sets something of a T. Set is not called for
// an argument that is not given or not known; it reports what is wrong.
type field[T any] struct {
	Argument
	set func(c *call, g *given, t *T)
}
