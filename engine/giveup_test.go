package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGiveUp checks which saves end the job in progress, and that code which is
// saved all the time gets into effect.
func TestGiveUp(t *testing.T) {
	for name, c := range map[string]struct {
		doing *saved
		saved string
		want  bool
	}{
		"same group":         {&saved{groups: []string{"a"}}, "/srv/a/main.py", true},
		"another group":      {&saved{groups: []string{"a"}}, "/srv/c/main.py", false},
		"configuration":      {&saved{groups: []string{"a"}}, "/conf/common.star", true},
		"of a configuration": {&saved{config: true}, "/srv/c/main.py", true},
		"of nobody":          {&saved{config: true}, "/srv/other/main.py", false},
		"a signal's job":     {nil, "/srv/a/main.py", false},
	} {
		w, _, _ := watched(t, "/srv/a/ldconfig.py")
		ctx, done := w.during(t.Context(), c.doing)
		w.changed([]string{c.saved})
		assert.Equal(t, c.want, context.Cause(ctx) == errNewer, name)
		done(false)
		w.changed([]string{"/srv/a/main.py"}) // nothing is in progress
	}

	w, _, _ := watched(t, "/srv/a/ldconfig.py")
	try := func(applied bool) bool {
		ctx, done := w.during(t.Context(), &saved{groups: []string{"a"}})
		defer done(applied)
		w.changed([]string{"/srv/a/main.py"})
		return ctx.Err() != nil
	}
	for range maxGivenUp {
		assert.True(t, try(false))
	}
	assert.False(t, try(true), "it has been given up too often")
	assert.True(t, try(false))
}
