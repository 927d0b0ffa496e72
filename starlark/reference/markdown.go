package reference

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

//go:embed language.md.tmpl
var page string

// WriteMarkdown writes the reference page: prose around the table.
func WriteMarkdown(w io.Writer) error {
	p := &markdown{words: builtin.Words(), shown: make(map[string]bool)}
	t, err := template.New("language.md").Funcs(template.FuncMap{
		"arguments": p.arguments, "words": p.several, "others": p.others, "types": p.types, "codes": p.codes, "values": p.values,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, nil)
}

// A markdown writes those parts of the page that come from the table.
type markdown struct {
	words []builtin.Word
	shown map[string]bool // words that the page already has
}

func (p *markdown) word(name string) (*builtin.Word, error) {
	for i := range p.words {
		if p.words[i].Name == name {
			p.shown[name] = true
			return &p.words[i], nil
		}
	}
	return nil, fmt.Errorf("there is no word %s", name)
}

// arguments returns a table of the arguments of a word.
func (p *markdown) arguments(name string) (string, error) {
	word, err := p.word(name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| argument | type | default | | a change |\n|---|---|---|---|---|\n")
	for i, a := range word.Arguments {
		if a.Keyword && (i == 0 || !word.Arguments[i-1].Keyword) && i > 0 {
			b.WriteString("| | | | *by name only from here on* | |\n")
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", a.Name, cell(a.Type), absence(&a), cell(about(&a)), changeOf(&a))
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// several returns a paragraph for each of several words.
func (p *markdown) several(names ...string) (string, error) {
	var b strings.Builder
	for _, name := range names {
		word, err := p.word(name)
		if err != nil {
			return "", err
		}
		paragraph(&b, word)
	}
	return strings.TrimSpace(b.String()), nil
}

// others returns the words that no other part of the page shows, so that none
// is missing.
func (p *markdown) others() string {
	var b strings.Builder
	for i := range p.words {
		if word := &p.words[i]; !p.shown[word.Name] {
			paragraph(&b, word)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "## Other words\n\n" + b.String()
}

func paragraph(b *strings.Builder, word *builtin.Word) {
	fmt.Fprintf(b, "**`%s`** → `%s`<br>\n%s\n", Signature(word), returns(word), prose(word.Doc))
	for _, a := range word.Arguments {
		fmt.Fprintf(b, "- `%s`, `%s`: %s", shownName(&a), a.Type, about(&a))
		if a.Absent != "" {
			fmt.Fprintf(b, " Without it, %s.", a.Absent)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func (p *markdown) types() string {
	var b strings.Builder
	for _, t := range Types() {
		if t.Name != t.stub { // types with the same name as their word add nothing
			fmt.Fprintf(&b, "- `%s`: %s\n", t.Name, prose(t.Doc))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// values returns the attributes of a type whose values the configuration
// receives.
func (p *markdown) values(name string) (string, error) {
	var b strings.Builder
	for _, t := range builtin.Types() {
		if t.Name != name {
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", prose(t.Doc))
		for _, a := range t.Properties {
			fmt.Fprintf(&b, "- `%s`, `%s`: %s\n", a.Name, a.Type, prose(a.Doc))
		}
		b.WriteByte('\n')
		for _, m := range t.Methods {
			paragraph(&b, &m)
		}
		return strings.TrimSpace(b.String()), nil
	}
	return "", fmt.Errorf("there is no type %s", name)
}

// codes returns a table of the codes that begin with a letter.
func (p *markdown) codes(letter string) string {
	var b strings.Builder
	b.WriteString("| code | what | |\n|---|---|---|\n")
	for _, c := range Codes() {
		if strings.HasPrefix(c.ID, letter) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, cell(prose(c.Meaning)), cell(prose(c.Advice)))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// about returns the purpose of an argument and its rule.
func about(a *builtin.Argument) string {
	if a.Rule == "" {
		return prose(a.Doc)
	}
	return prose(strings.TrimSuffix(a.Doc, ".") + " (" + a.Rule + ").")
}

var (
	inCode   = regexp.MustCompile("`[^`]*`")
	isCode   = regexp.MustCompile(`[A-Za-z.]*(?:"[^"]*"(?:\.\w+)?|\b[a-z]+(?:_[a-z]+)+\b(?:\([^()]*\))?|\$[A-Z_]+|\B--[a-z-]+)`)
	specials = strings.NewReplacer("*", `\*`, "<", `\<`)
)

// prose marks the code in a text written for a terminal, and escapes the rest
// for Markdown.
func prose(s string) string {
	var b strings.Builder
	plain := func(s string) {
		last := 0
		for _, at := range isCode.FindAllStringIndex(s, -1) {
			b.WriteString(specials.Replace(s[last:at[0]]) + "`" + s[at[0]:at[1]] + "`")
			last = at[1]
		}
		b.WriteString(specials.Replace(s[last:]))
	}
	last := 0
	for _, at := range inCode.FindAllStringIndex(s, -1) {
		plain(s[last:at[0]])
		b.WriteString(s[at[0]:at[1]])
		last = at[1]
	}
	plain(s[last:])
	return b.String()
}

func absence(a *builtin.Argument) string {
	switch {
	case a.Required:
		return "required"
	case a.Default == "":
		return "–"
	}
	return "`" + cell(a.Default) + "`"
}

// changeOf describes an effect in a word or two.
func changeOf(a *builtin.Argument) string {
	return map[plan.Effect]string{
		plan.EffectIdentity: "another group", plan.EffectProcess: "new processes", plan.EffectResize: "more or fewer processes",
		plan.EffectProxy: "in place", plan.EffectSupervisor: "in place", plan.EffectListener: "by a reload", plan.EffectRestart: "**stop and start**",
	}[a.Effect]
}

// cell escapes the bars in a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
