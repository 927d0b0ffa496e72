package monitoring

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// TestPromtool: Prometheus takes the files of the example, and the alerts pass their tests.
func TestPromtool(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "--lint=all", "--lint-fatal", "prometheus.yml"},
		{"check", "rules", "--lint=all", "--lint-fatal", rulesFile},
		{"test", "rules", testsFile},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			t.Parallel()
			out, err := promtool(t, args...)
			require.NoError(t, err, "%s", out)
		})
	}
}

// A moment is what a test says about a time: the alerts that fire.
type moment struct {
	Expr    string `yaml:"expr"`
	Samples []struct {
		Labels string `yaml:"labels"`
	} `yaml:"exp_samples"`
}

var labelIn = regexp.MustCompile(`(\w+)="([^"]*)"`)

// fires returns the labels of the alerts that fire, by alert.
func (m moment) fires() map[string]map[string]string {
	out := make(map[string]map[string]string)
	for _, s := range m.Samples {
		labels := make(map[string]string)
		for _, l := range labelIn.FindAllStringSubmatch(s.Labels, -1) {
			labels[l[1]] = l[2]
		}
		out[labels["alertname"]] = labels
	}
	return out
}

// TestTests: each alert has a test in which it fires, with its severity and with the
// labels that its texts name, and in which it does not fire before. Each test is about
// all alerts.
func TestTests(t *testing.T) {
	var file struct {
		Tests []struct {
			Name    string   `yaml:"name"`
			Moments []moment `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	require.NoError(t, yaml.Unmarshal(read(t, testsFile), &file))
	seen := make(map[string]map[string]string)
	for _, test := range file.Tests {
		about, _, _ := strings.Cut(test.Name, ":")
		for i, m := range test.Moments {
			assert.Equal(t, `ALERTS{alertstate="firing"}`, m.Expr, "%s", test.Name)
			fires := m.fires()
			if i == 0 {
				assert.Empty(t, fires, "%s: at first nothing fires", test.Name)
			}
			for name, labels := range fires {
				if name == about || seen[name] == nil {
					seen[name] = labels
				}
			}
		}
	}
	for _, r := range alerts(t) {
		labels := seen[r.Alert]
		if !assert.NotNil(t, labels, "%s has no test in which it fires", r.Alert) {
			continue
		}
		assert.Equal(t, r.Labels["severity"], labels["severity"], r.Alert)
		for _, text := range r.Annotations {
			for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				assert.Contains(t, labels, m[1], "a text of %s names a label that it does not have", r.Alert)
			}
		}
		delete(seen, r.Alert)
	}
	assert.Empty(t, slices.Collect(maps.Keys(seen)), "tests of alerts that do not exist")
}

// TestRules: each alert says how bad it is, what happens and what to do.
func TestRules(t *testing.T) {
	names := make(map[string]bool)
	for _, r := range alerts(t) {
		assert.False(t, names[r.Alert], "%s exists twice", r.Alert)
		names[r.Alert] = true
		assert.Contains(t, []string{"critical", "warning", "info"}, r.Labels["severity"], r.Alert)
		assert.Equal(t, []string{"description", "summary"}, slices.Sorted(maps.Keys(r.Annotations)), r.Alert)
		for key, text := range r.Annotations {
			assert.Regexp(t, `^\S.*[.)]$`, strings.TrimSpace(text), "%s of %s", key, r.Alert)
		}
		if r.Alert != "LdcornAbsent" { // there is no instance
			assert.Contains(t, r.Annotations["summary"], "{{ $labels.instance }}", r.Alert)
		}
	}
}

// TestPage: docs/alerts.md has a row for each alert, with its severity and with the time
// for which its condition must last.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(harness.Root(t, "docs", "alerts.md"))
	require.NoError(t, err)
	var have, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(Ldcorn\\w+)` \\| (\\w+) \\| (\\S+) \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(page), -1) {
		have = append(have, m[1]+" "+m[2]+" "+m[3])
	}
	for _, r := range alerts(t) {
		after := r.For
		if after == "" {
			after = "–"
		}
		want = append(want, r.Alert+" "+r.Labels["severity"]+" "+after)
	}
	assert.Equal(t, want, have)
}
