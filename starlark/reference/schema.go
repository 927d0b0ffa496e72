package reference

import (
	"encoding/json"
	"io"

	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// SchemaVersion is the format_version of what WriteJSON writes. Within one,
// fields may be added, and keep their meaning.
const SchemaVersion = 1

// A schema is the whole table for programs. docs/language.schema.json describes it.
type schema struct {
	FormatVersion int          `json:"format_version"`
	Words         []schemaWord `json:"words"`
	Types         []schemaType `json:"types"`
	Codes         []Code       `json:"codes"`
}

type schemaWord struct {
	Name      string           `json:"name"`
	Returns   string           `json:"returns"`
	Doc       string           `json:"doc"`
	Arguments []schemaArgument `json:"arguments"`
}

type schemaArgument struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Required    bool     `json:"required"`
	KeywordOnly bool     `json:"keyword_only"`
	Variadic    bool     `json:"variadic"`
	Choices     []string `json:"choices,omitempty"`
	Default     string   `json:"default,omitempty"`
	Absent      string   `json:"absent,omitempty"`
	Unit        string   `json:"unit,omitempty"`
	Rule        string   `json:"rule,omitempty"`
	Effect      string   `json:"effect,omitempty"`
	Doc         string   `json:"doc"`
	Example     string   `json:"example,omitempty"`
	OtherNames  []string `json:"other_names"`
}

type schemaType struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// Of a type whose values the configuration is handed.
	Attributes []schemaAttribute `json:"attributes,omitempty"`
	Methods    []schemaWord      `json:"methods,omitempty"`
}

type schemaAttribute struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Doc  string `json:"doc"`
}

// WriteJSON writes the words with their arguments, the types and the codes.
func WriteJSON(w io.Writer) error {
	out := schema{FormatVersion: SchemaVersion, Codes: Codes()}
	for _, word := range builtin.Words() {
		out.Words = append(out.Words, jsonWord(&word))
	}
	for _, t := range Types() {
		out.Types = append(out.Types, schemaType{Name: t.Name, Doc: t.Doc})
	}
	for _, t := range builtin.Types() {
		out.Types = append(out.Types, jsonType(&t))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func jsonType(t *builtin.Type) schemaType {
	out := schemaType{Name: t.Name, Doc: t.Doc}
	for _, p := range t.Properties {
		out.Attributes = append(out.Attributes, schemaAttribute{p.Name, p.Type, p.Doc})
	}
	for _, m := range t.Methods {
		out.Methods = append(out.Methods, jsonWord(&m))
	}
	return out
}

func jsonWord(word *builtin.Word) schemaWord {
	out := schemaWord{Name: word.Name, Returns: word.Returns, Doc: word.Doc, Arguments: []schemaArgument{}}
	for _, a := range word.Arguments {
		others := a.OtherNames()
		if others == nil {
			others = []string{}
		}
		out.Arguments = append(out.Arguments, schemaArgument{
			Name: a.Name, Type: a.Type, Required: a.Required, KeywordOnly: a.Keyword, Variadic: a.Variadic, Choices: a.Choices,
			Default: a.Default, Absent: a.Absent, Unit: a.Unit, Rule: a.Rule, Effect: string(a.Effect),
			Doc: a.Doc, Example: a.Example, OtherNames: others,
		})
	}
	return out
}
