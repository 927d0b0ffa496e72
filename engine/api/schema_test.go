package api

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A contract is a document that has a schema.
type contract struct {
	title    string
	document any
	version  int
}

// contracts are the documents that have a schema, by the name of its file.
var contracts = map[string]contract{
	"args":         {"ldcorn args --json", Args{}, ArgsVersion},
	"check":        {"ldcorn check --format json", Check{}, CheckVersion},
	"events":       {"a line of ldcorn events --json", ControlEvent{}, EventVersion},
	"explain":      {"ldcorn explain --json", Explanation{}, ExplainVersion},
	"history":      {"ldcorn history --json, and the answer of the admin listener to GET /history and of the control socket to GET /v1/history", History{}, HistoryVersion},
	"language":     {"ldcorn schema --json", Language{}, LanguageVersion},
	"live":         {"a message of the admin listener to GET /live, and a line of the answer of the control socket to GET /v1/live", Live{}, HistoryVersion},
	"notification": {"what a hook of on_event gets", Notification{}, EventVersion},
	"plan":         {"ldcorn plan --json, and the file that --out writes", Plan{}, PlanVersion},
	"reload":       {"a line of the answer of the control socket to POST /v1/reload", ReloadStep{}, ReloadVersion},
	"refused":      {"the answer of the control socket to a request that it did not carry out", Done{}, ControlVersion},
	"requests":     {"ldcorn ps --json", Requests{}, RequestsVersion},
	"status":       {"ldcorn status --json", Status{}, StatusVersion},
	"test":         {"ldcorn test --format json", Tests{}, TestsVersion},
	"version":      {"ldcorn version --json", Version{}, VersionVersion},
}

// promise is what every schema says about versions.
const promise = "Within a format_version, fields and words can be added, and all keep their meaning."

var schemas = filepath.Join("..", "..", "docs", "schema")

// TestSchemas compares the schemas in docs with the types. With UPDATE_SCHEMAS
// set, as "make docs" does, it writes the schemas.
func TestSchemas(t *testing.T) {
	g := newGenerator(t)
	files, err := filepath.Glob(filepath.Join(schemas, "*.json"))
	require.NoError(t, err)
	update := os.Getenv("UPDATE_SCHEMAS") != ""
	if !update {
		assert.Len(t, files, len(contracts), "docs/schema has a file for each contract; make docs writes them")
	}
	for name, c := range contracts {
		path := filepath.Join(schemas, name+".json")
		text := g.schema(t, c)
		if update {
			require.NoError(t, os.WriteFile(path, text, 0o644))
			continue
		}
		is, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(text, is), "docs/schema/%s.json differs from the types; make docs writes it", name)
	}
}

// A generator makes schemas of the types of this package.
type generator struct {
	words     map[string][]any // the constants of each type of strings, by its name
	reflector jsonschema.Reflector
}

func newGenerator(t *testing.T) *generator {
	g := &generator{words: constants(t)}
	g.reflector = jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Mapper: g.special}
	require.NoError(t, g.reflector.AddGoComments(reflect.TypeFor[Status]().PkgPath(), "."))
	return g
}

// constants returns the string constants of this package, by the name of their
// type, in the order of the source.
func constants(t *testing.T) map[string][]any {
	words := make(map[string][]any)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			kind, ok := spec.Type.(*ast.Ident)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				word, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				words[kind.Name] = append(words[kind.Name], word)
			}
			return true
		})
	}
	return words
}

// special returns the schema of a type whose values, or keys, are limited to
// some words. It returns nil for all other types.
func (g *generator) special(t reflect.Type) *jsonschema.Schema {
	switch {
	case t == reflect.TypeFor[Series]():
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "number"}, {Type: "null"}}}}
	case t.Kind() == reflect.String && g.words[t.Name()] != nil:
		return &jsonschema.Schema{Type: "string", Enum: g.words[t.Name()]}
	case t.Kind() == reflect.Map && g.words[t.Key().Name()] != nil:
		s := &jsonschema.Schema{Type: "object", PropertyNames: &jsonschema.Schema{Enum: g.words[t.Key().Name()]},
			AdditionalProperties: &jsonschema.Schema{Type: "integer"}}
		if t.Name() == "" {
			return s
		}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{s, {Type: "null"}}}
	}
	return nil
}

// schema returns the text of the schema of a contract.
func (g *generator) schema(t *testing.T, c contract) []byte {
	s := g.reflector.Reflect(c.document)
	s.Title = c.title
	s.Description += " " + promise
	version, ok := s.Properties.Get("format_version")
	require.True(t, ok, "%s has no format_version", c.title)
	version.Type, version.Const = "", c.version
	complete(s)
	for name, def := range s.Definitions {
		complete(def)
		if name == "Argument" {
			def.Not = &jsonschema.Schema{Required: []string{"default", "absent"}}
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(s))
	return out.Bytes()
}

// complete adds to a schema, and those within it, that numbers are not
// negative, and that numbers which are absent if 0 are not 0.
func complete(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if (s.Type == "integer" || s.Type == "number") && s.Minimum == "" {
		s.Minimum = "0"
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Type == "integer" && p.Value.Minimum == "" && !contains(s.Required, p.Key) {
			p.Value.Minimum = "1"
		}
		complete(p.Value)
	}
	complete(s.Items)
	complete(s.AdditionalProperties)
	for _, one := range s.OneOf {
		complete(one)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
