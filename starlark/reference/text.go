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

// Names returns what WriteEntry knows: words, their arguments with the word in
// front, types and codes.
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

// WriteEntry writes what a name is: that of a word, of an argument (with its
// word in front or without), of a type, or a code. The error suggests another
// where nothing has the name.
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
			return fmt.Errorf("nothing has the name %q; did you mean %q?", name, near)
		}
		return fmt.Errorf("nothing has the name %q; ldcorn schema shows what there is", name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeWord(w io.Writer, word *builtin.Word) {
	fmt.Fprintf(w, "%s -> %s\n    %s\n", signature(word), word.Returns, word.Doc)
	for _, a := range word.Arguments {
		fmt.Fprintf(w, "\n%s\n", shownName(&a))
		writeArgument(w, &a)
	}
}

func writeArgument(w io.Writer, a *builtin.Argument) {
	fmt.Fprintf(w, "    %s", a.Type)
	if f := facts(a); f != "" {
		fmt.Fprintf(w, "; %s", f)
	}
	fmt.Fprintf(w, "\n    %s\n", a.Doc)
}

// signature shows how a word is called: those that must be given, those that
// may be, and after * those that are given by name.
func signature(word *builtin.Word) string {
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

// shownName is an argument's name, with * where it takes many values.
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

// among returns the names that another for name is looked for in: of a word's
// arguments where name begins with a word and a point.
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
