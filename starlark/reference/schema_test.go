package reference

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// TestJSON checks the output of schema --json against its schema.
func TestJSON(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(root, "docs", "schema", "language.json"))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, WriteJSON(&out))
	text := out.String()
	doc, err := jsonschema.UnmarshalJSON(&out)
	require.NoError(t, err)
	require.NoError(t, schema.Validate(doc))
	for what, change := range map[string][2]string{
		"a field":    {`"words": [`, `"more": 1, "words": [`},
		"a version":  {`"format_version": 1`, `"format_version": 2`},
		"an effect":  {`"effect": "process"`, `"effect": "other"`},
		"two ways":   {`"default": "1"`, `"default": "1", "absent": "nothing"`},
		"a bad code": {`"id": "L001"`, `"id": "E001"`},
		"a unit":     {`"name": "app",`, `"name": "app", "unit": "apples",`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NotEqual(t, text, changed, what)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		require.NoError(t, err)
		require.Error(t, schema.Validate(doc), "the schema must be able to refuse %s", what)
	}
}
