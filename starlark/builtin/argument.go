package builtin

import (
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// An Argument describes one argument of a Word. The table of arguments drives
// reading, suggestions and the reference documentation.
type Argument struct {
	Name     string
	Type     string      // "int", "list[str]", "key | None"
	Choices  []string    // the only strings accepted, if limited
	Default  string      // as the configuration would write it; "" if there is none
	Absent   string      // the effect of omitting an argument that is neither Required nor has a Default
	Required bool        // must be given
	Keyword  bool        // can only be passed by name
	Variadic bool        // takes all positional values from its own on and cannot be passed by name; Type is that of one value
	Unit     string      // of a plain number, if it has one
	Rule     string      // the constraint on the value, beyond its type
	Effect   plan.Effect // of a change on a running master; "" if there is none
	Doc      string      // one or two sentences
	Example  string      // the text to write, shown when the argument is missing

	aka []string // names that other tools use
}

// OtherNames returns the names that other tools use for the argument. They are
// not accepted but lead to a suggestion.
func (a *Argument) OtherNames() []string { return slices.Clone(a.aka) }

// A Word is a function of the configuration language.
type Word struct {
	Name      string // with its dot, as in env.int
	Returns   string // its type, as in a stub file
	Like      string // the argument whose type the result has, if it depends on the call; Returns is then the type of that argument
	Doc       string
	Arguments []Argument

	aka     []string // names that other tools use
	surplus string   // the correction for a positional value too many; "" = pass it by name
}

// Words returns every word with its arguments, in the order of the reference
// documentation. The caller can change the slices.
func Words() []Word {
	return slices.Concat([]Word{ldConfigWord(), listenWord(), tlsWord(), acmeWord(), workerGroupWord()}, matcherWordsAlone(), []Word{ruleWord()}, keyWords(), affinityWords(), []Word{limitWord(), rateWord(), staticWord(), commandWord(), otlpWord()}, hookWords(), headerWords(), decisionWords(), []Word{argWord()}, envWords(), []Word{envFileWord(), secretWord(), secretFileWord(), cpuCountWord()}, dataWords())
}

// argument returns the argument with the given name, or nil.
func (w *Word) argument(name string) *Argument {
	if i := w.index(name); i >= 0 {
		return &w.Arguments[i]
	}
	return nil
}

// index returns the index of the argument with the given name, or -1.
func (w *Word) index(name string) int {
	for i := range w.Arguments {
		if w.Arguments[i].Name == name {
			return i
		}
	}
	return -1
}

// TakesText reports whether an argument of this name can be a string, or has strings
// in a list. It is true for a name that no word has, as a function of the user may.
func TakesText(argument string) bool {
	known := false
	for _, w := range Words() {
		a := w.argument(argument)
		if a == nil {
			continue
		}
		known = true
		for _, t := range strings.FieldsFunc(a.Type, func(r rune) bool { return strings.ContainsRune(" |[],", r) }) {
			if t == "str" || t == "secret" || t == "any" || t == "Any" {
				return true
			}
		}
	}
	return !known
}

// near returns the argument that the author of name most likely meant.
func (w *Word) near(name string) string {
	if other := w.otherwise(name); other != "" {
		return other
	}
	var names []string
	for _, a := range w.Arguments {
		names = append(names, a.Name)
	}
	return diag.Near(name, names)
}

// otherwise returns the argument that has the given name in other tools, or "".
func (w *Word) otherwise(name string) string {
	for _, a := range w.Arguments {
		for _, other := range a.aka {
			if strings.EqualFold(other, name) {
				return a.Name
			}
		}
	}
	return ""
}

// listed names the arguments, if they are few.
func (w *Word) listed() string {
	n := len(w.Arguments)
	if n == 0 || n > fewArguments {
		return ""
	}
	names := make([]string, n)
	for i, a := range w.Arguments {
		names[i] = "`" + a.Name + "`"
	}
	if n == 1 {
		return "its only argument is " + names[0]
	}
	return "its arguments are " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
}

// positional returns the arguments that can be passed by position.
func (w *Word) positional() []Argument {
	for i, a := range w.Arguments {
		if a.Keyword {
			return w.Arguments[:i]
		}
	}
	return w.Arguments
}

// A field is an argument that sets a part of a T. Set reports a wrong value. It
// is not called if the argument is omitted or its value unknown.
type field[T any] struct {
	Argument
	set func(c *call, g *given, t *T)
}
