package monitoring

//lint:file-ignore SA1019 every Grafana can import this form of dashboards, and only new ones its successor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// board returns the dashboard. Everything in it must be in the schema of Grafana.
func board(t testing.TB) *dashboard.Dashboard {
	t.Helper()
	runtime := cog.NewRuntime()
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	require.Empty(t, unknown(read(t, dashboardFile)))
	var d dashboard.Dashboard
	require.NoError(t, json.Unmarshal(read(t, dashboardFile), &d))
	require.NoError(t, d.Validate())
	return &d
}

// unknown returns what is wrong with the text of a dashboard: fields that the schema does
// not have, and fields that are missing.
func unknown(text []byte) string {
	// The method returns an empty list rather than nil, and then does not fill everything in.
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(text); err != nil {
		return err.Error()
	}
	return ""
}

// TestUnknown: the schema is strict, also deep in a panel.
func TestUnknown(t *testing.T) {
	board(t)
	for _, field := range []string{`"lineWidth"`, `"legendFormat"`, `"showLegend"`, `"iconColor"`, `"includeAll"`} {
		text := bytes.ReplaceAll(read(t, dashboardFile), []byte(field), []byte(`"typo"`))
		assert.Contains(t, unknown(text), "typo", field)
	}
}

// A box is where a panel is.
type box struct {
	title      string
	x, y, w, h uint32
}

func (b box) overlaps(o box) bool {
	return b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h
}

// TestDashboard: Grafana's schema has everything in the dashboard, its panels have
// different numbers and places, and each says what it shows.
func TestDashboard(t *testing.T) {
	d := board(t)
	ids := make(map[uint32]string)
	var boxes []box
	add := func(id uint32, b box) {
		assert.NotContains(t, ids, id, "%s and %s have the same id", b.title, ids[id])
		ids[id] = b.title
		assert.LessOrEqual(t, b.x+b.w, uint32(24), b.title)
		for _, o := range boxes {
			assert.False(t, b.overlaps(o), "%s is over %s", b.title, o.title)
		}
		boxes = append(boxes, b)
	}
	for _, p := range d.Panels {
		if r := p.RowPanel; r != nil {
			add(r.Id, box{*r.Title, r.GridPos.X, r.GridPos.Y, r.GridPos.W, r.GridPos.H})
			continue
		}
		g := p.Panel.GridPos
		add(*p.Panel.Id, box{*p.Panel.Title, g.X, g.Y, g.W, g.H})
		assert.NotEmpty(t, *p.Panel.Description, *p.Panel.Title)
		refs := make(map[string]bool)
		for _, target := range p.Panel.Targets {
			q, ok := target.(*prometheus.Dataquery)
			require.True(t, ok, "%s: %T", *p.Panel.Title, target)
			assert.False(t, refs[*q.RefId], "%s has two queries %s", *p.Panel.Title, *q.RefId)
			refs[*q.RefId] = true
			assert.Equal(t, "$datasource", *q.Datasource.Uid, *p.Panel.Title)
		}
	}
}

// TestVariables: the dashboard uses the variables that it has, and all of them.
func TestVariables(t *testing.T) {
	have := map[string]bool{"__rate_interval": true}
	d := board(t)
	for _, v := range d.Templating.List {
		have[v.Name] = false
	}
	for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(string(read(t, dashboardFile)), -1) {
		if m[1] == "__all" { // a value
			continue
		}
		assert.Contains(t, have, m[1])
		have[m[1]] = true
	}
	for name, used := range have {
		assert.True(t, used, "nothing uses %s", name)
	}
}

// TestExpressions: Prometheus parses each expression of the dashboard.
func TestExpressions(t *testing.T) {
	type record struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	type group struct {
		Name  string   `yaml:"name"`
		Rules []record `yaml:"rules"`
	}
	var all group
	var where []string
	for i, q := range panelQueries(t) {
		all.Rules = append(all.Rules, record{fmt.Sprintf("expr_%d", i), q.expr})
		where = append(where, fmt.Sprintf("expr_%d: %s", i, q.where))
	}
	all.Name = "dashboard"
	text, err := yaml.Marshal(map[string][]group{"groups": {all}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	out, err := promtool(t, "check", "rules", path)
	require.NoError(t, err, "%s\n%s", out, strings.Join(where, "\n"))
}
