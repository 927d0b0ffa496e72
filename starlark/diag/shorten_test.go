package diag

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestReport_LongWord checks that a name that is too long to read is cut in the
// middle, so that the text around it stays readable.
func TestReport_LongWord(t *testing.T) {
	for _, letter := range []string{"A", "é", "\x80"} {
		var r Report
		long := strings.Repeat(letter, 10_000_000)
		r.Add(Diagnostic{Severity: Error, Message: `there is no group "` + long + `" here`, Label: long})
		d := r.Diagnostics[0]
		assert.Less(t, len(d.Message), 200, letter)
		assert.Less(t, len(d.Label), 200, letter)
		assert.True(t, strings.HasPrefix(d.Message, `there is no group "`), letter)
		assert.True(t, strings.HasSuffix(d.Message, `" here`), letter)
	}
	short := "a path of " + strings.Repeat("/x", maxWord/2)
	assert.Equal(t, short, shorten(short))
}
