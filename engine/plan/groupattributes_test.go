package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGroupAttributesAreWhole: an entry has everything that its readers need,
// and can copy the value of another group.
func TestGroupAttributesAreWhole(t *testing.T) {
	for _, a := range GroupAttributes {
		assert.NotEmpty(t, a.Type, a.Name)
		assert.NotEmpty(t, a.Doc, a.Name)
		assert.NotEmpty(t, a.Effect, a.Name)
		assert.NotEqual(t, a.Required, a.Default != "", "%s is either required or has a default", a.Name)
		from, to := NewGroup(), &Group{}
		a.Copy(to, from)
		assert.True(t, a.Same(from, to), a.Name)
		assert.Equal(t, a.Show(from), a.Show(to), a.Name)
	}
}

// TestEffectiveKeepsWhatIsPinned: a group that keeps its processes runs with
// exactly those old values that need new processes.
func TestEffectiveKeepsWhatIsPinned(t *testing.T) {
	old := &Group{Name: "a", App: "old:app", LogLevel: "debug", Env: []EnvVar{{Name: "A", Value: Plain("old")}}, UvicornArgs: []string{"--old"},
		Cwd: "/old", Python: "old", QueueLimit: 1}
	next := NewGroup()
	next.Name, next.App, next.ReloadOnSighup, next.QueueLimit = "a", "new:app", false, 2
	got := Diff(&Plan{Groups: []*Group{old}}, &Plan{Groups: []*Group{next}}, DiffOptions{}).Groups[0].Effective()
	for _, a := range GroupAttributes {
		from := next
		if a.Effect == EffectProcess {
			from = old
		}
		assert.True(t, a.Same(from, got), "%s is %s", a.Name, a.Show(got))
	}
	assert.Equal(t, "new:app", next.App, "the plan that was read stays as it is")
}
