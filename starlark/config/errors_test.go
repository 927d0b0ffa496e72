package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// TestErrors evaluates the chunks of testdata/errors.star, which lines of ---
// separate. A wrong line has a comment ### "regexp" for each diagnostic,
// matched against its code, message, label and hint.
func TestErrors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "errors.star"))
	require.NoError(t, err)
	for chunk := range strings.SplitSeq(string(data), "\n---\n") {
		title, _, _ := strings.Cut(strings.TrimLeft(chunk, "# \n"), "\n")
		t.Run(title, func(t *testing.T) { checkChunk(t, chunk) })
	}
}

var (
	expectation = regexp.MustCompile(`###((?: "(?:[^"\\]|\\.)*")+)`)
	quoted      = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

func checkChunk(t *testing.T, chunk string) {
	want := make(map[int][]string)
	for i, line := range strings.Split(chunk, "\n") {
		for _, m := range expectation.FindAllStringSubmatch(line, -1) {
			for _, q := range quoted.FindAllString(m[1], -1) {
				re, err := strconv.Unquote(q)
				require.NoError(t, err, q)
				want[i+1] = append(want[i+1], re)
			}
		}
	}
	dir := write(t, map[string]string{"c.star": chunk})
	res, err := config.Evaluate(t.Context(), filepath.Join(dir, "c.star"), config.Options{
		LookupEnv: func(name string) (string, bool) { return "hunter2", name == "PW" },
	})
	require.NoError(t, err)
	for _, d := range res.Report.Diagnostics {
		text := strings.Join([]string{d.Code, d.Message, d.Label, d.Hint}, " | ")
		assert.NotContains(t, text, "hunter2", "no secret")
		assert.NotRegexp(t, `starlark\.|\*\w+\.|map\[|interface`, text, "no Go type name")
		assert.NotRegexp(t, `^[A-Z][a-z]+ing? `, d.Message)
		assert.False(t, strings.HasSuffix(d.Message, "."), d.Message)
		line := want[d.Span.Line]
		if assert.NotEmpty(t, line, "line %d: unexpected: %s", d.Span.Line, text) {
			assert.Regexp(t, line[0], text)
			want[d.Span.Line] = line[1:]
		}
	}
	for line, left := range want {
		assert.Empty(t, left, "line %d: not reported", line)
	}
}
