package supervisor

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestStartError_Attrs: every log line about a failed start has the worker's
// lines in the same form, as text and as JSON, and has no stderr if the worker
// wrote nothing.
func TestStartError_Attrs(t *testing.T) {
	e := &StartError{Group: "a", Err: errors.New("exit code 1"), Stderr: []string{"one [1]", "two"}}
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Error("worker failed", e.Attrs()...)
	slog.New(slog.NewJSONHandler(&out, nil)).Error("worker failed", e.Attrs()...)
	assert.Contains(t, out.String(), `err="exit code 1" stderr="one [1]\ntwo"`)
	assert.Contains(t, out.String(), `"err":"exit code 1","stderr":"one [1]\ntwo"`)
	e.Hint = "do it"
	assert.Equal(t, []any{"err", e.Err, "hint", "do it", "stderr", "one [1]\ntwo"}, e.Attrs())
	assert.Equal(t, "group \"a\": worker 0: exit code 1; it wrote:\n    one [1]\n    two\nhint: do it", e.Error())
	assert.Equal(t, "group \"a\": worker 0: exit code 1; it wrote: two\nhint: do it", e.Brief())
	e.Stderr, e.Hint = nil, ""
	assert.Equal(t, "group \"a\": worker 0: exit code 1", e.Brief())
	assert.Equal(t, []any{"err", e.Err}, e.Attrs())
}
