package reference

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// WriteJSON writes the words with their arguments, the types and the codes.
func WriteJSON(w io.Writer) error {
	out := api.Language{FormatVersion: api.LanguageVersion}
	for _, word := range builtin.Words() {
		out.Words = append(out.Words, jsonWord(&word))
	}
	for _, t := range Types() {
		out.Types = append(out.Types, api.Type{Name: t.Name, Doc: t.Doc})
	}
	for _, t := range builtin.Types() {
		out.Types = append(out.Types, jsonType(&t))
	}
	for _, c := range Codes() {
		out.Codes = append(out.Codes, api.Code(c))
	}
	return api.Write(w, out)
}

func jsonType(t *builtin.Type) api.Type {
	out := api.Type{Name: t.Name, Doc: t.Doc}
	for _, p := range t.Properties {
		out.Attributes = append(out.Attributes, api.TypeAttribute{Name: p.Name, Type: p.Type, Doc: p.Doc})
	}
	for _, m := range t.Methods {
		out.Methods = append(out.Methods, jsonWord(&m))
	}
	return out
}

func jsonWord(word *builtin.Word) api.Word {
	out := api.Word{Name: word.Name, Returns: word.Returns, Doc: word.Doc, Arguments: []api.Argument{}}
	for _, a := range word.Arguments {
		others := a.OtherNames()
		if others == nil {
			others = []string{}
		}
		out.Arguments = append(out.Arguments, api.Argument{
			Name: a.Name, Type: a.Type, Required: a.Required, KeywordOnly: a.Keyword, Variadic: a.Variadic, Choices: a.Choices,
			Default: a.Default, Absent: a.Absent, Unit: api.Unit(a.Unit), Rule: a.Rule, Effect: api.PlanEffect(a.Effect),
			Doc: a.Doc, Example: a.Example, OtherNames: others,
		})
	}
	return out
}
