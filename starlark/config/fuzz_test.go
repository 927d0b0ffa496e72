package config_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// FuzzEvaluate checks that any text gives, within its limits, a plan or errors
// with a position in the text, and that both can be printed. It reads a text
// that begins with an import as Python.
func FuzzEvaluate(f *testing.F) {
	f.Add(quickstart)
	f.Add(everything)
	f.Add("load(\"x.star\", \"y\")\n" + fine)
	f.Add("x = f\"{a}\"\nimport os\nclass A:\n  pass\n")
	f.Add("def f(x: int) -> int:\n\treturn x if x is not None else (y := 3)\n")
	f.Add("config = LdConfig(\n  workers = [WorkerGroup(")
	f.Add("from ldcorn.config import LdConfig as L, WorkerGroup\nimport os\nn: int = len(os.environ['AB'])\n" +
		"config = L(workers=[WorkerGroup('a', 'b' ':c', n if n is not None else 1_0)])\n")
	f.Add("import os, sys\nx = f'{os.getcwd()}' if os.path.join('a', *sys.argv) else os.environ[3]\nwhile x: pass\n")
	f.Add("x = [1,\n(2,\n{3:\n'''a\n\"")
	f.Add("é = '\u2028\x1b[31m'\nconfig = é.ü\n")
	data, err := os.ReadFile(filepath.Join("testdata", "errors.star"))
	require.NoError(f, err)
	for chunk := range strings.SplitSeq(string(data), "\n---\n") {
		f.Add(chunk)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			t.Skip()
		}
		path := filepath.Join(t.TempDir(), "f.star")
		if strings.HasPrefix(text, "import ") || strings.HasPrefix(text, "from ") {
			path = strings.TrimSuffix(path, ".star") + ".py"
		}
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		res, err := config.Evaluate(t.Context(), path, config.Options{
			MaxSteps:  20_000,
			Timeout:   10 * time.Second,
			LookupEnv: func(name string) (string, bool) { return name, len(name)%2 == 0 },
		})
		require.NoError(t, err)
		require.Equal(t, res.Plan == nil, res.Report.Count(diag.Error) > 0)
		lines := strings.Count(text, "\n") + 1
		for _, d := range res.Report.Diagnostics {
			require.NotEmpty(t, d.Message)
			require.NotContains(t, d.Message, "this is a bug")
			require.Equal(t, path, d.Span.File, "%+v", d)
			require.LessOrEqual(t, d.Span.Line, lines+1, "%+v", d)
		}
		require.NoError(t, diag.WriteText(io.Discard, res.Report, diag.TextOptions{Color: true}))
		require.NoError(t, diag.WriteJSON(io.Discard, res.Report))
		require.NoError(t, diag.WriteGitHub(io.Discard, res.Report))
	})
}
