package reference

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// WriteOverview writes a line for each word.
func WriteOverview(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, word := range builtin.Words() {
		fmt.Fprintf(t, "%s\t%s\n", word.Name, firstSentence(word.Doc))
	}
	return t.Flush()
}

// Names returns the names that WriteEntry accepts: words, their arguments as
// WORD.ARGUMENT, types and codes.
func Names() []string {
	var out []string
	for _, word := range builtin.Words() {
		out = append(out, word.Name)
		for _, a := range word.Arguments {
			out = append(out, word.Name+"."+a.Name)
		}
	}
	for _, t := range Types() {
		if !slices.Contains(out, t.Name) {
			out = append(out, t.Name)
		}
	}
	for _, c := range Codes() {
		out = append(out, c.ID)
	}
	return out
}

// WriteEntry writes the documentation for a name: a word, an argument (with or
// without its word in front), a type, or a code. If nothing has the name, the
// error suggests another one.
func WriteEntry(w io.Writer, name string) error {
	var b strings.Builder
	var known []string
	for _, word := range builtin.Words() {
		known = append(known, word.Name)
		if word.Name == name {
			writeWord(&b, &word)
		}
		for _, a := range word.Arguments {
			full := word.Name + "." + a.Name
			known = append(known, a.Name, full)
			if a.Name == name || full == name {
				fmt.Fprintf(&b, "%s of %s\n", a.Name, word.Name)
				writeArgument(&b, &a)
			}
		}
	}
	for _, t := range Types() {
		known = append(known, t.Name)
		if t.Name == name && b.Len() == 0 {
			fmt.Fprintf(&b, "%s\n    %s\n", t.Name, t.Doc)
		}
	}
	for _, c := range Codes() {
		known = append(known, c.ID)
		if strings.EqualFold(c.ID, name) {
			fmt.Fprintf(&b, "%s: %s\n    %s\n", c.ID, c.Meaning, c.Advice)
		}
	}
	if b.Len() == 0 {
		if near := diag.Near(name, among(known, name)); near != "" {
			return fmt.Errorf("there is no entry for %q; did you mean %q?", name, near)
		}
		return fmt.Errorf("there is no entry for %q; ldcorn schema lists the words", name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeWord(w io.Writer, word *builtin.Word) {
	fmt.Fprintf(w, "%s -> %s\n    %s\n", Signature(word), returns(word), word.Doc)
	for _, a := range word.Arguments {
		fmt.Fprintf(w, "\n%s\n", shownName(&a))
		writeArgument(w, &a)
	}
}

func writeArgument(w io.Writer, a *builtin.Argument) {
	fmt.Fprintf(w, "    %s", a.Type)
	if f := Facts(a); f != "" {
		fmt.Fprintf(w, "; %s", f)
	}
	fmt.Fprintf(w, "\n    %s\n", a.Doc)
}

// Signature returns how a word is called: required arguments first, then
// optional ones, and after * those that must be passed by name.
func Signature(word *builtin.Word) string {
	var out []string
	keyword := false
	for _, a := range word.Arguments {
		if a.Keyword && !keyword {
			keyword = true
			out = append(out, "*")
		}
		switch {
		case a.Variadic:
			keyword = true
			out = append(out, shownName(&a))
		case a.Required:
			out = append(out, a.Name)
		case a.Default != "":
			out = append(out, a.Name+"="+a.Default)
		default:
			out = append(out, a.Name+"=…")
		}
	}
	return word.Name + "(" + strings.Join(out, ", ") + ")"
}

// returns names the type of the result.
func returns(word *builtin.Word) string {
	if word.Like != "" {
		return "the type of " + word.Like
	}
	return word.Returns
}

// shownName returns the name of an argument, with * if it takes many values.
func shownName(a *builtin.Argument) string {
	if a.Variadic {
		return "*" + a.Name
	}
	return a.Name
}

func firstSentence(s string) string {
	first, _, found := strings.Cut(s, ". ")
	if found {
		return first + "."
	}
	return first
}

// among returns the names in which to look for one similar to name: the
// arguments of a word if name begins with the word and a dot.
func among(known []string, name string) []string {
	word, _, dotted := strings.Cut(name, ".")
	if !dotted {
		return known
	}
	var of []string
	for _, k := range known {
		if strings.HasPrefix(k, word+".") {
			of = append(of, k)
		}
	}
	if of == nil {
		return known
	}
	return of
}
