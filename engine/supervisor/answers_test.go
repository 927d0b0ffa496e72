package supervisor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask returns what Answers says within a second.
func (r *rig) ask() error {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
	defer cancel()
	return r.sup.Answers(ctx)
}

// A supervisor answers as long as none of its goroutines hangs.
func TestAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		require.NoError(t, r.ask(), "before the first plan")
		go r.mustApply(aPlan(aGroup("web"), aGroup("api")))
		pass(time.Millisecond)
		require.NoError(t, r.ask(), "an apply waits for workers")
		pass(time.Minute)
		require.NoError(t, r.ask())

		letGo := make(chan struct{})
		g, err := r.sup.group("api")
		require.NoError(t, err)
		go g.do(func() { <-letGo })
		pass(time.Millisecond)
		require.EqualError(t, r.ask(), `the goroutine of group "api" does not answer`)
		close(letGo)
		require.NoError(t, r.ask())
	})
}

// The goroutine of Run hangs outside of an apply.
func TestAnswers_Run(t *testing.T) {
	s := New(Options{}) // nobody calls Run
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.EqualError(t, s.Answers(ctx), "the supervisor does not answer")
	close(s.ended)
	assert.NoError(t, s.Answers(t.Context()), "it has ended")
}
