package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/match"
)

func TestStickyAsWritten(t *testing.T) {
	for want, s := range map[string]Sticky{
		"None":                {},
		`by_cookie("sid")`:    {Key: match.Key{By: match.KeyCookie, Name: "sid"}},
		`by_issued("ldcorn")`: {Issued: Issued{Name: "ldcorn", SameSite: SameSiteLax}},
		`by_issued("a", same_site="none", key=(secret))`: {Issued: Issued{Name: "a", SameSite: SameSiteNone, Key: Secret("k")}},
		`by_session(header="mcp-session-id")`:            {Session: Session{In: SessionHeader, Name: "mcp-session-id"}},
		`by_session(cookie="io")`:                        {Session: Session{In: SessionCookie, Name: "io"}},
		`by_session(query="sid", learn="engine.io")`:     {Session: Session{In: SessionQuery, Name: "sid", Learn: LearnEngineIO}},
	} {
		assert.Equal(t, want, s.String())
	}
}

// TestStickyKeyIsCompared: a changed key is a change, also against a record,
// and no record shows it.
func TestStickyKeyIsCompared(t *testing.T) {
	with := func(key string) *Plan {
		g := NewGroup()
		g.Name = "a"
		g.Sticky.Issued = Issued{Name: "ldcorn", SameSite: SameSiteLax, Key: Secret(key)}
		g.ReloadOnSighup = false
		return &Plan{Groups: []*Group{g}}
	}
	record, err := FromRecord(with("one").Record([]byte("0123456789abcdef")))
	assert.NoError(t, err)
	for _, old := range []*Plan{with("one"), record} {
		assert.Equal(t, Keep, Diff(old, with("one"), DiffOptions{}).Groups[0].Action)
		c := Diff(old, with("two"), DiffOptions{}).Groups[0]
		assert.Equal(t, Update, c.Action)
		assert.Equal(t, `by_issued("ldcorn", key=(secret))`, c.Changes[0].After)
	}
}

// TestSharedCookies: two groups cannot use one cookie of ldcorn's own.
func TestSharedCookies(t *testing.T) {
	issued := func(group, name string) *Group {
		return &Group{Name: group, Sticky: Sticky{Issued: Issued{Name: name}}}
	}
	session := func(group, name string) *Group {
		return &Group{Name: group, Sticky: Sticky{Session: Session{In: SessionCookie, Name: name}}}
	}
	for _, c := range []struct {
		a, b   *Group
		shared bool
	}{
		{issued("b_b", "ldcorn"), issued("b", "ldcorn_b"), true},
		{issued("b", "ldcorn"), session("c", "ldcorn_b"), true},
		{session("c", "ldcorn_b"), issued("b", "ldcorn"), true},
		{issued("a", "ldcorn"), issued("b", "ldcorn"), false},
		{session("a", "io"), session("b", "io"), false},
		{issued("a", "ldcorn"), issued("a", "ldcorn"), false},
		{&Group{Name: "a"}, &Group{Name: "b"}, false},
	} {
		found := sharedCookies(&Plan{Groups: []*Group{c.a, c.b}})
		if !c.shared {
			assert.Empty(t, found)
			continue
		}
		if assert.Len(t, found, 1) {
			assert.False(t, found[0].Warning)
			assert.Same(t, c.b, found[0].Place.Group)
			assert.Same(t, c.a, found[0].Other.Group)
		}
	}
}
