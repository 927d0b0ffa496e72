package reference

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
)

const root = "../.."

// findPyright returns the type checker or skips the test: it is not part of Go,
// and "make test" installs it.
func findPyright(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LDCORN_TEST_PYRIGHT")
	if path != "" {
		return path
	}
	path, err := filepath.Abs(filepath.Join(root, "scripts", "pyright", "node_modules", ".bin", "pyright"))
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Skip("NOT TESTED: no pyright is there to check the stub file with; scripts/get-pyright gets it")
	}
	return path
}

// A finding is a message of the type checker about a line.
type finding struct {
	File     string
	Severity string
	Message  string
	Range    struct{ Start struct{ Line int } }
}

// typeCheck checks files as a project with the stub in its root.
func typeCheck(t *testing.T, files map[string]string) map[string][]finding {
	t.Helper()
	dir := t.TempDir()
	var stub strings.Builder
	require.NoError(t, WriteStub(&stub))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "__builtins__.pyi"), []byte(stub.String()), 0o600))
	args := []string{"--outputjson", "--warnings", "__builtins__.pyi"}
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		args = append(args, name)
	}
	cmd := exec.Command(findPyright(t), args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // there are findings
	}
	require.NoError(t, err, "%s", out)
	var result struct {
		GeneralDiagnostics []finding
		Summary            struct{ FilesAnalyzed int }
	}
	require.NoError(t, json.Unmarshal(out, &result), "%s", out)
	require.Equal(t, len(files)+1, result.Summary.FilesAnalyzed)
	found := make(map[string][]finding)
	for _, f := range result.GeneralDiagnostics {
		name := filepath.Base(f.File)
		found[name] = append(found[name], f)
	}
	return found
}

// TestStubTypes checks that a type checker agrees with the evaluation: it must
// accept valid configurations and find each wrong line.
func TestStubTypes(t *testing.T) {
	paths := []string{filepath.Join("testdata", "good.star"), filepath.Join(root, "ldconfig.star.example")}
	examples, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.star"))
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	paths = append(paths, examples...)
	files := make(map[string]string)
	for i, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[strconv.Itoa(i)+"_"+strings.TrimSuffix(filepath.Base(path), ".example")] = string(text)
	}
	bad, err := os.ReadFile(filepath.Join("testdata", "bad.star"))
	require.NoError(t, err)
	files["bad.star"] = string(bad)

	found := typeCheck(t, files)
	compareFindings(t, string(bad), found["bad.star"])
	delete(found, "bad.star")
	assert.Empty(t, found)
}

var (
	expectation = regexp.MustCompile(`###((?: "[^"]*")+)`)
	quoted      = regexp.MustCompile(`"[^"]*"`)
)

// compareFindings compares the findings with the ones that the lines of a text
// expect.
func compareFindings(t *testing.T, text string, found []finding) {
	t.Helper()
	got := make(map[int][]string)
	for _, f := range found {
		got[f.Range.Start.Line] = append(got[f.Range.Start.Line], f.Message)
	}
	for i, line := range strings.Split(text, "\n") {
		var want []string
		for _, m := range expectation.FindAllStringSubmatch(line, -1) {
			want = append(want, quoted.FindAllString(m[1], -1)...)
		}
		slices.Sort(got[i])
		if !assert.Len(t, got[i], len(want), "line %d: %v", i+1, got[i]) {
			continue
		}
		for _, w := range want {
			matches := func(s string) bool { return regexp.MustCompile(strings.Trim(w, `"`)).MatchString(s) }
			assert.True(t, slices.ContainsFunc(got[i], matches), "line %d: %s is not in %v", i+1, w, got[i])
		}
	}
}

// TestStubExamples checks testdata itself with the evaluation.
func TestStubExamples(t *testing.T) {
	opts := config.Options{LookupEnv: func(string) (string, bool) { return "", false }}
	good, err := config.Evaluate(t.Context(), filepath.Join("testdata", "good.star"), opts)
	require.NoError(t, err)
	assert.NotNil(t, good.Plan)
	assert.Empty(t, good.Report.Diagnostics)

	path := filepath.Join("testdata", "bad.star")
	bad, err := config.Evaluate(t.Context(), path, opts)
	require.NoError(t, err)
	wrong := make(map[int]bool)
	for _, d := range bad.Report.Diagnostics {
		wrong[d.Span.Line] = true
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i, line := range strings.Split(string(text), "\n") {
		assert.Equal(t, expectation.MatchString(line), wrong[i+1], "line %d: %s", i+1, line)
	}
}

// TestStubNamesEverything checks that the stub declares every name that a
// configuration has besides Starlark's own, and the two of Starlark that Python
// lacks.
func TestStubNamesEverything(t *testing.T) {
	var out strings.Builder
	require.NoError(t, WriteStub(&out))
	assert.True(t, strings.HasPrefix(out.String(), StubMark))
	names := append(builtin.NewSession(builtin.Options{}).Predeclared().Keys(), "fail", "load")
	for _, name := range names {
		assert.Regexp(t, `(?m)^(def `+name+`\(|class `+name+`:|`+name+`: )`, out.String())
	}
}

func TestAnnotate(t *testing.T) {
	for expr, want := range map[string][2]string{
		"int":                                {"int", "int"},
		"duration":                           {"Duration", "Duration"},
		"list[str]":                          {"ListOf[str]", "list[str]"},
		"list[str | key] | None":             {"ListOf[str | Key] | None", "list[str | Key] | None"},
		"dict[str, list[int | None]] | bool": {"Mapping[str, ListOf[int | None]] | bool", "dict[str, list[int | None]] | bool"},
	} {
		for i, argument := range []bool{true, false} {
			got, err := newAnnotator(argument).annotate(expr)
			require.NoError(t, err)
			assert.Equal(t, want[i], got)
		}
	}
	for _, expr := range []string{"", "strr", "list[strr]", "set[str]"} {
		_, err := newAnnotator(true).annotate(expr)
		assert.Error(t, err, expr)
	}
}
