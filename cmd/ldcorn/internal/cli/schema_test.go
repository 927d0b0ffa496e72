package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/api"
)

// A schema is one of those in docs/schema, which says what a command prints.
type schema struct{ compiled *jsonschema.Schema }

// schemaOf returns the schema of a command. It must be able to refuse.
func schemaOf(t *testing.T, command string) schema {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(harness.Root(t, "docs", "schema", command+".json"))
	require.NoError(t, err)
	s := schema{compiled}
	require.Error(t, s.check(t, strings.NewReader(`{"format_version": 1, "more": true}`)))
	return s
}

// check returns what is wrong with a text by the schema. The text is JSON.
func (s schema) check(t *testing.T, text io.Reader) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(text)
	require.NoError(t, err)
	return s.compiled.Validate(doc)
}

// fits makes sure that a value, as the commands print it, is by the schema.
func (s schema) fits(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, s.check(t, written(t, v)))
}

// written is what the commands print of a value.
func written(t *testing.T, v any) *bytes.Buffer {
	t.Helper()
	out := new(bytes.Buffer)
	require.NoError(t, api.Write(out, v))
	return out
}
