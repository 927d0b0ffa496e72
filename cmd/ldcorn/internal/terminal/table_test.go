package terminal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	table := NewTable(&out)
	fmt.Fprint(table, "a\tb\nüber\tc\n")
	require.NoError(t, table.Flush())
	assert.Equal(t, "a     b\nüber  c\n", out.String())
	assert.Equal(t, "ü  |", Pad("ü", 3)+"|")
	assert.Equal(t, "long", Pad("long", 3))
	assert.Equal(t, "1 worker, 0 workers, 2 workers", Count(1, "worker")+", "+Count(0, "worker")+", "+Count(2, "worker"))
}
