package api

// LanguageVersion is the version of a Language.
const LanguageVersion = 1

// A Language is the language of configurations.
type Language struct {
	FormatVersion int    `json:"format_version"`
	Words         []Word `json:"words" jsonschema:"minItems=1"` // the functions that every file knows, in addition to those of Starlark, json, math and struct
	Types         []Type `json:"types"`                         // the types of the language itself, in addition to those of Starlark
	Codes         []Code `json:"codes" jsonschema:"minItems=1"` // of errors and warnings; a code keeps its meaning
}

// A Word is a function, or a method of a type.
type Word struct {
	Name      string     `json:"name" jsonschema:"pattern=^[A-Za-z_]+(\\.[a-z_]+)?$"`
	Returns   string     `json:"returns" jsonschema:"minLength=1"` // a type
	Doc       string     `json:"doc" jsonschema:"minLength=1"`
	Arguments []Argument `json:"arguments"` // in positional order
}

// An Argument is an argument of a word. If it is not required, it has either a
// default or a meaning when absent.
type Argument struct {
	Name        string     `json:"name" jsonschema:"pattern=^[a-z][a-z0-9_]*$"`
	Type        string     `json:"type" jsonschema:"minLength=1"` // types of Starlark and of the language, joined by |, with list[…] and dict[…, …]
	Required    bool       `json:"required"`
	KeywordOnly bool       `json:"keyword_only"`                              // it cannot be given by position
	Variadic    bool       `json:"variadic"`                                  // it takes all remaining positional values, and none by name; type is the type of one value
	Choices     []string   `json:"choices,omitempty" jsonschema:"minItems=2"` // the only strings that it takes
	Default     string     `json:"default,omitempty"`                         // as a configuration would write it
	Absent      string     `json:"absent,omitempty"`                          // what it means to leave it out, if that is not a value
	Unit        Unit       `json:"unit,omitempty"`                            // of a plain number
	Rule        string     `json:"rule,omitempty"`                            // what the value must satisfy beyond its type
	Effect      PlanEffect `json:"effect,omitempty"`                          // what it takes to apply a change
	Doc         string     `json:"doc" jsonschema:"minLength=1"`
	Example     string     `json:"example,omitempty"` // what to write
	OtherNames  []string   `json:"other_names"`       // its names elsewhere; they lead to a suggestion and are not accepted
}

// A Unit is the unit of a number.
type Unit string

// The units.
const (
	UnitSeconds Unit = "seconds"
	UnitBytes   Unit = "bytes"
	UnitPercent Unit = "percent"
)

// A Type is a type of the language.
type Type struct {
	Name       string          `json:"name" jsonschema:"minLength=1"`
	Doc        string          `json:"doc" jsonschema:"minLength=1"`
	Attributes []TypeAttribute `json:"attributes,omitempty"` // of a type whose values the configuration is handed
	Methods    []Word          `json:"methods,omitempty"`    // of a type whose values the configuration is handed
}

// A TypeAttribute is an attribute of the values of a type.
type TypeAttribute struct {
	Name string `json:"name" jsonschema:"pattern=^[a-z][a-z0-9_]*$"`
	Type string `json:"type" jsonschema:"minLength=1"`
	Doc  string `json:"doc" jsonschema:"minLength=1"`
}

// A Code is the code of an error or a warning.
type Code struct {
	ID      string `json:"id" jsonschema:"pattern=^[LW][0-9]{3}$"` // L and a number for an error, W and a number for a warning
	Meaning string `json:"meaning" jsonschema:"minLength=1"`       // what was found, without a final period
	Advice  string `json:"advice" jsonschema:"minLength=1"`        // what there is to know or to do, in one or two sentences
}
