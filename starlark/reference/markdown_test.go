package reference

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

// TestPageIsCurrent compares docs/language.md with the table.
func TestPageIsCurrent(t *testing.T) {
	var want strings.Builder
	require.NoError(t, WriteMarkdown(&want))
	got, err := os.ReadFile(filepath.Join(root, "docs", "language.md"))
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got), "the words have changed; run: make docs")
}

// TestPage checks that the page has every word, argument and code, that its
// links lead somewhere, and that its examples work.
func TestPage(t *testing.T) {
	var out strings.Builder
	require.NoError(t, WriteMarkdown(&out))
	text := out.String()
	for _, word := range builtin.Words() {
		assert.Regexp(t, "(?m)^(\\*\\*`|## )"+regexp.QuoteMeta(word.Name)+"(\\(|$)", text)
		for _, a := range word.Arguments {
			assert.Contains(t, text, "`"+shownName(&a)+"`", "%s.%s", word.Name, a.Name)
		}
	}
	for _, typ := range builtin.Types() {
		assert.Contains(t, text, "`"+typ.Name+"`\n")
	}
	for _, c := range Codes() {
		assert.Contains(t, text, "| "+c.ID+" |")
	}
	for _, m := range regexp.MustCompile(`\]\(#([a-z-]+)\)`).FindAllStringSubmatch(text, -1) {
		title := strings.ReplaceAll(m[1], "-", " ")
		assert.Regexp(t, `(?mi)^## `+title+`$`, text)
	}
	examples := regexp.MustCompile("(?s)```python\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, examples)
	for _, m := range examples {
		path := filepath.Join(t.TempDir(), "ldconfig.star")
		require.NoError(t, os.WriteFile(path, []byte(m[1]), 0o600))
		res, err := config.Evaluate(t.Context(), path, config.Options{Tests: true})
		require.NoError(t, err)
		assert.Empty(t, res.Report.Diagnostics, m[1])
		report, err := tests.Run(t.Context(), res.Tests, tests.Options{
			Evaluate: tests.Evaluator(path, config.Options{}),
			Plan:     res.Plan, Sources: res.Report.Sources, MaxSteps: config.DefaultMaxSteps, Timeout: config.DefaultTimeout,
		})
		require.NoError(t, err)
		assert.Zero(t, report.Failed(), m[1])
	}
}

func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		`such as "a*b", or X-*`:         "such as `\"a*b\"`, or X-\\*",
		`None is "x" in max_req, else`:  "None is `\"x\"` in `max_req`, else",
		"`config` of by_client_ip()":    "`config` of `by_client_ip()`",
		`run ldcorn --check at A-Z _ -`: "run ldcorn `--check` at A-Z _ -",
	} {
		assert.Equal(t, want, prose(text))
	}
}

func TestEntries(t *testing.T) {
	for name, want := range map[string]string{
		"WorkerGroup":        "WorkerGroup(name, app, instances=1,",
		"WorkerGroup.routes": "routes of WorkerGroup\n    list[",
		"bind":               "bind of LdConfig\n",
		"name":               "name of by_cookie\n",
		"env.int":            "env.int(name, default=…) -> int\n",
		"env.int.name":       "name of env.int\n",
		"duration":           "duration\n    A time span",
		"l012":               "L012: an environment variable",
	} {
		var out strings.Builder
		require.NoError(t, WriteEntry(&out, name), name)
		assert.Contains(t, out.String(), want)
	}
	for name, want := range map[string]string{
		"instance":            `did you mean "instances"?`,
		"workergroup":         `did you mean "WorkerGroup"?`,
		"WorkerGroup.route":   `did you mean "WorkerGroup.routes"?`,
		"WorkerGroup.zzzzzzz": "ldcorn schema lists the words",
		"zzzzzz":              "ldcorn schema lists the words",
	} {
		assert.ErrorContains(t, WriteEntry(&strings.Builder{}, name), want)
	}
}
