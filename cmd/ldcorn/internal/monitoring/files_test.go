package monitoring

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// The files of the example that the tests are about.
const (
	rulesFile     = "ldcorn.rules.yml"
	testsFile     = "ldcorn.rules.test.yml"
	dashboardFile = "ldcorn.dashboard.json"
)

// example returns the path of a file of the example.
func example(t testing.TB, name string) string {
	return harness.Root(t, "examples", "prometheus", name)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(example(t, name))
	require.NoError(t, err)
	return text
}

// A rule is an alert.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// alerts returns the alerts of the rules, in order.
func alerts(t testing.TB) (all []rule) {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(read(t, rulesFile), &file))
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// A query is a PromQL expression, with the labels that its results are to have.
type query struct {
	where, expr string
	shown       []string // labels that a text about the results names
}

// queries returns the expressions of the rules and of the dashboard.
func queries(t testing.TB) (all []query) {
	t.Helper()
	for _, r := range alerts(t) {
		q := query{where: r.Alert, expr: r.Expr}
		for _, text := range r.Annotations {
			for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				q.shown = append(q.shown, m[1])
			}
		}
		all = append(all, q)
	}
	return append(all, panelQueries(t)...)
}

// panelQueries returns the expressions of the dashboard: those of its panels, annotations
// and variables, with the variables replaced.
func panelQueries(t testing.TB) (all []query) {
	t.Helper()
	var board any
	require.NoError(t, json.Unmarshal(read(t, dashboardFile), &board))
	values := regexp.MustCompile(`label_values\((.*), \w+\)`)
	var visit func(v any, title string)
	visit = func(v any, title string) {
		switch v := v.(type) {
		case []any:
			for _, each := range v {
				visit(each, title)
			}
		case map[string]any:
			for _, key := range []string{"name", "title"} {
				if text, ok := v[key].(string); ok {
					title = text
				}
			}
			if expr, ok := v["expr"].(string); ok {
				q := query{where: "panel " + title, expr: replaceVariables(expr)}
				for _, key := range []string{"legendFormat", "textFormat", "titleFormat"} {
					text, _ := v[key].(string)
					for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(text, -1) {
						q.shown = append(q.shown, m[1])
					}
				}
				all = append(all, q)
			}
			if text, ok := v["query"].(string); ok {
				if m := values.FindStringSubmatch(text); m != nil {
					all = append(all, query{where: "variable " + title, expr: replaceVariables(m[1])})
				}
			}
			for _, each := range v {
				visit(each, title)
			}
		}
	}
	visit(board, "")
	require.NotEmpty(t, all)
	return all
}

// replaceVariables puts values in the place of the variables of Grafana.
func replaceVariables(expr string) string {
	return regexp.MustCompile(`\$__(rate_)?interval\b|\$__range\b|\$\w+`).ReplaceAllStringFunc(expr, func(name string) string {
		if name[1] == '_' {
			return "5m"
		}
		return ".*"
	})
}

// promtool runs promtool in the folder of the example, and returns its output.
func promtool(t testing.TB, args ...string) (string, error) {
	t.Helper()
	path := os.Getenv("LDCORN_TEST_PROMTOOL")
	if path == "" {
		path = harness.Root(t, ".promtool", "promtool")
	}
	if _, err := exec.LookPath(path); err != nil {
		path = "promtool"
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Fatal("there is no promtool, and this test runs it\nhint: 'make test' builds it, and so does scripts/get-promtool alone")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = example(t, "")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
