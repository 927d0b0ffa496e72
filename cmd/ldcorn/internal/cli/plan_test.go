package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// aReport has a group of every kind.
func aReport(t *testing.T) *api.Plan {
	t.Helper()
	group := func(name string, change ...func(*plan.Group)) *plan.Group {
		p := &plan.Group{Name: name, App: "main:app", Instances: 2}
		for _, f := range change {
			f(p)
		}
		return p
	}
	changed := func(p *plan.Group) { p.App = "other:app" }
	listener := func(address string) plan.Listener {
		return plan.Listener{Bind: plan.Bind{Network: "tcp", Address: address}}
	}
	redirecting := listener(":3")
	redirecting.RedirectHTTPS = true
	old := &plan.Plan{Groups: []*plan.Group{group("keep"), group("update"), group("resize"), group("replace"), group("remove"), group("pinned")},
		Listeners: []plan.Listener{listener(":1"), listener(":3")}}
	next := &plan.Plan{Path: "/x/ldconfig.star", Fingerprint: "f", IdleTimeout: 5e9, Groups: []*plan.Group{
		group("keep"), group("pinned", changed), group("add", changed), group("resize", func(p *plan.Group) { p.Instances = 1 }),
		group("update", func(p *plan.Group) { p.QueueLimit = 3 }),
		group("replace", func(p *plan.Group) { p.ReloadOnSighup = true }),
	}, Listeners: []plan.Listener{listener(":2"), redirecting}, ControlSocket: "/c", Inputs: []plan.Input{{Kind: plan.InputEnv, Name: "HOME", Digest: strings.Repeat("a", 64)}}}
	base := api.PlanBase{Kind: api.BaseMaster, PID: 4121, Generation: 17, Up: 3*86400 + 4*3600, Fingerprint: "e"}
	r := plan.NewReport(base, next, plan.Diff(old, next, plan.DiffOptions{}), plan.DiffOptions{})
	r.Diagnostics = append(r.Diagnostics, api.PlanWarning{At: "ldconfig.star:3:4", Code: "W101", Message: "questionable", Hint: "add what is missing to one of the groups"})
	return r
}

// TestPlanJSON holds what plan --json prints and its schema together.
func TestPlanJSON(t *testing.T) {
	is := schemaOf(t, "plan")
	nothing := plan.NewReport(api.PlanBase{Kind: api.BaseNothing}, &plan.Plan{}, plan.Diff(nil, &plan.Plan{}, plan.DiffOptions{}), plan.DiffOptions{})
	for _, report := range []*api.Plan{aReport(t), nothing} {
		is.fits(t, report)
	}
}

func TestPlanText(t *testing.T) {
	r := aReport(t)
	for name, l := range map[string]terminal.Look{"plain": {}, "ascii": {ASCII: true}, "color": {Color: true}, "narrow": {Width: 48}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, writePlan(&out, r, l, name == "plain"))
			golden := filepath.Join("testdata", "plan_"+name+".golden")
			if os.Getenv("UPDATE_SCRIPTS") != "" {
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
		})
	}
}

// TestPlanFits checks that a plan for a terminal has no line that is longer than it
// has to be.
func TestPlanFits(t *testing.T) {
	r := aReport(t)
	r.Groups[0].Hint = strings.Repeat("a long note ", 12)
	r.Diagnostics[0].Message = strings.Repeat("a long message ", 12)
	r.Groups[1].Pinned = append(r.Groups[1].Pinned, api.PlanChange{Name: "routes", Before: `["/a"]`, After: `["/a", "` + strings.Repeat("/b", 20) + `", "` + strings.Repeat("/c", 20) + `"]`})
	var out bytes.Buffer
	require.NoError(t, writePlan(&out, r, terminal.Look{Width: 80}, false))
	for _, line := range strings.Split(out.String(), "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
}

// TestPlanUnits checks that durations have a unit.
func TestPlanUnits(t *testing.T) {
	for _, tt := range [][3]string{
		{"queue_timeout", "30", `"30s"`}, {"idle_timeout", "75", `"75s"`}, {"queue_timeout", `"250ms"`, `"250ms"`},
		{"queue_timeout", "0", "0"}, {"queue_limit", "30", "30"}, {"bind", "None", "None"},
	} {
		assert.Equal(t, tt[2], inUnit(tt[0], tt[1]))
	}
}

// TestPlanFile: what --out writes is read back, and anything else is refused.
func TestPlanFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	secret := plan.EnvVar{Name: "K", Value: plan.Secret("hunter2")}
	p := &plan.Plan{Groups: []*plan.Group{{Name: "a", Instances: 2, Env: []plan.EnvVar{secret}}}}
	report := plan.NewReport(api.PlanBase{Kind: api.BaseNothing}, p, plan.Diff(nil, p, plan.DiffOptions{}), plan.DiffOptions{})
	report.Record = p.Record([]byte("0123456789abcdef"))
	require.NoError(t, writePlanFile(path, report))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "hunter2")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	old, err := readPlanFile(path)
	require.NoError(t, err)
	assert.Equal(t, plan.Keep, plan.Diff(old, p, plan.DiffOptions{}).Groups[0].Action)
	other := *p.Groups[0]
	other.Env = []plan.EnvVar{{Name: "K", Value: plan.Secret("hunter3")}}
	changes := plan.Diff(old, &plan.Plan{Groups: []*plan.Group{&other}}, plan.DiffOptions{})
	assert.Equal(t, "env", changes.Groups[0].Pinned[0].Name, "another secret is a change")

	for _, bad := range []string{"", "{}", `{"format_version":1}`, `{"format_version":1,"record":{"salt":"x"}}`,
		`{"format_version":1,"record":{"salt":"00","settings":{},"groups":[{"name":"a","attributes":{}}]}}`} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		_, err := readPlanFile(path)
		assert.Error(t, err, bad)
	}
}
