package builtin

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOtherFormat(t *testing.T) {
	assert.Equal(t, "read_yaml reads YAML", otherFormat(dataFormats["read_json"], "a/b.yml"))
	assert.Equal(t, "read_json reads JSON", otherFormat(dataFormats["read_toml"], "b.json"))
	assert.Empty(t, otherFormat(dataFormats["read_yaml"], "b.yaml"))
	assert.Empty(t, otherFormat(dataFormats["read_yaml"], "b.txt"))
}
