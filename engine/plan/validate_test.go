package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func group(t testing.TB, name string, routes ...string) *plan.Group {
	t.Helper()
	p := &plan.Group{Name: name, App: "main:app", Instances: 1, ReloadOnSighup: true}
	for i, r := range routes {
		route, err := plan.NewRoute(r, plan.Pos{File: "f", Line: i + 1, Col: 1})
		require.NoError(t, err)
		p.Routes = append(p.Routes, route)
	}
	return p
}

// found is a problem in short form.
type found struct{ code, group, route, other string }

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		groups []*plan.Group
		want   []found
	}{
		{"fine", []*plan.Group{group(t, "a", "*"), group(t, "b", "/b", "/b/c", "/c/*")}, nil},
		{"no groups", nil, nil},
		{"duplicate name", []*plan.Group{group(t, "a", "*"), group(t, "a", "/a"), group(t, "a", "/b")},
			[]found{{"L007", "a", "", "a"}, {"L007", "a", "", "a"}}},
		{"names that are wrong are no duplicates", []*plan.Group{group(t, "", "*"), group(t, "", "/a")}, nil},
		{"no default", []*plan.Group{group(t, "a", "/a")}, []found{{"W101", "", "", ""}}},
		{"a prefix of everything is a default", []*plan.Group{group(t, "a", "/")}, nil},
		{"a glob of everything is a default", []*plan.Group{group(t, "a", "**")}, nil},
		{"two defaults", []*plan.Group{group(t, "a", "*"), group(t, "b", "*")}, []found{{"W102", "b", "*", "a"}}},
		{"default after everything", []*plan.Group{group(t, "a", "/*"), group(t, "b", "*")}, []found{{"W103", "b", "*", "a"}}},
		{"default before everything", []*plan.Group{group(t, "a", "*"), group(t, "b", "/")}, []found{{"W103", "a", "*", "b"}}},
		{"the same twice", []*plan.Group{group(t, "a", "*", "/a"), group(t, "b", "/a")}, []found{{"W103", "b", "/a", "a"}}},
		{"glob after its prefix", []*plan.Group{group(t, "a", "*", "/a/", "/a/*")}, []found{{"W103", "a", "/a/*", "a"}}},
		{"glob before its prefix takes less", []*plan.Group{group(t, "a", "*", "/a/*.png", "/a/")}, nil},
		{"glob of all below before its prefix", []*plan.Group{group(t, "a", "*", "/a**", "/a")}, []found{{"W103", "a", "/a", "a"}}},
		{"shorter prefix first", []*plan.Group{group(t, "a", "*", "/a", "/ab", "/a?c")}, []found{{"W103", "a", "/a?c", "a"}}},
		{"dots", []*plan.Group{group(t, "a", "*", "/a/../b", "/a/.", "/a/..b", "/.well-known")},
			[]found{{"W104", "a", "/a/../b", ""}, {"W104", "a", "/a/.", ""}}},
		{"escape", []*plan.Group{group(t, "a", "*", "/a%2Fb", "/100%")}, []found{{"W104", "a", "/a%2Fb", ""}}},
		{"query", []*plan.Group{group(t, "a", "*", "/a?b=c", "/a?")}, []found{{"W104", "a", "/a?b=c", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []found
			for _, p := range plan.Validate(t.Context(), &plan.Plan{Groups: tt.groups}) {
				assert.NotEmpty(t, p.Message)
				assert.NotEmpty(t, p.Label)
				assert.Equal(t, p.Code[0] == 'W', p.Warning)
				f := found{code: p.Code}
				if p.Place.Group != nil {
					f.group = p.Place.Group.Name
				}
				if p.Place.Route != nil {
					f.route = p.Place.Route.Pattern().Text
				}
				if p.Other.Group != nil {
					f.other = p.Other.Group.Name
					assert.NotEmpty(t, p.Said)
				}
				got = append(got, f)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestValidate_Addresses: two listeners cannot have the same address, unless
// the system chooses it.
func TestValidate_Addresses(t *testing.T) {
	for address, want := range map[string][]string{
		"127.0.0.1:8000": {plan.CodeSameAddress}, "unix:/run/x": {plan.CodeSameAddress}, "127.0.0.1:0": nil, ":80": {plan.CodeSameAddress},
	} {
		bind, err := plan.ParseBind(address)
		require.NoError(t, err)
		p := &plan.Plan{Listeners: []plan.Listener{{Bind: bind}}, Admin: bind, Groups: []*plan.Group{group(t, "a", "*")}}
		var got []string
		for _, problem := range plan.Validate(t.Context(), p) {
			got = append(got, problem.Code)
		}
		assert.Equal(t, want, got, address)
		p.Admin = plan.Bind{}
		assert.Empty(t, plan.Validate(t.Context(), p))
		p.Listeners = nil
		assert.Empty(t, plan.Validate(t.Context(), p))
	}
}
