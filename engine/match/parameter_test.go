package match

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPathParameter(t *testing.T) {
	for text, want := range map[string]string{
		"/items/{item_id}": "{item_id}", "/files/{name:path}/raw": "{name:path}", "/a{b}c": "{b}",
		"/a.{js,css}": "", "/a/*": "", "/a": "", "*": "", "/{1}": "", "/{a,{b}}": "{b}",
	} {
		m, err := NewPattern(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, PathParameter(m), text)
	}
	m, err := Glob("/items/{id}")
	require.NoError(t, err)
	assert.Equal(t, "{id}", PathParameter(m))
	assert.Empty(t, PathParameter(Method("GET")))
}

func TestRegexAsRoute(t *testing.T) {
	_, err := NewPattern("^/ml/.*$")
	assert.ErrorContains(t, err, `write regex(r"^/ml/.*$")`)
}
