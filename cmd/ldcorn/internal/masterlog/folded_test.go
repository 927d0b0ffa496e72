package masterlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// TestFolded checks that the lines of a log are folded as they are on a terminal,
// however they are cut, and that those of workers that serve are not.
func TestFolded(t *testing.T) {
	_, kept := written(Options{}, func(l *Log) {
		out, log := l.Output(), l.Logger()
		for i := range 3 {
			src := worker.Source{Group: "web", Worker: i, PID: 100 + i}
			log.With("group", "web").Info("worker state changed", "worker", i, "pid", src.PID, "state", "starting", "generation", 1)
			fail(out, "web", i, src.PID, append([]string{"loading"}, aTraceback("E: 1")...)...)
			log.With("group", "web").Info("worker state changed", "worker", i, "pid", src.PID, "state", "exited", "was", "starting")
			log.With("group", "web").Warn("start failed, trying again", "worker", i)
		}
		log.Error("reload failed")
		log.With("group", "web").Info("worker state changed", "worker", 0, "pid", 7, "state", "starting", "generation", 1)
		log.With("group", "web").Info("worker state changed", "worker", 0, "pid", 7, "state", "ready", "was", "starting")
		fail(out, "web", 0, 7, append([]string{"INFO:     Application startup complete."}, aTraceback("E: served")...)...)
		fail(out, "web", 0, 8, aTraceback("E: unknown")...)
	})
	for _, size := range []int{1, 7, 1 << 20} {
		var out strings.Builder
		f := NewFolded(&out, false, nil)
		for text := kept() + "unfinished"; text != ""; {
			n := min(size, len(text))
			_, err := f.Write([]byte(text[:n]))
			require.NoError(t, err)
			text = text[n:]
		}
		require.NoError(t, f.Close())
		text := out.String()
		assert.Equal(t, 1, strings.Count(text, "E: 1\n"))
		assert.Regexp(t, `\d\d:\d\d:\d\d web\.0 \|   … 1 frame of asyncio \(ldcorn logs web -v shows all\)\n\d\d:\d\d:\d\d web\.0 \| E: 1\n`, text)
		assert.NotContains(t, text, "worker state changed")
		assert.NotContains(t, text, "Application startup complete")
		for line := range strings.Lines(strings.TrimSuffix(text, "unfinished")) {
			assert.Regexp(t, `^(?:\d\d:\d\d:\d\d |         hint: )`, line)
		}
		assert.Equal(t, 3, strings.Count(text, "| loading\n"))
		assert.Equal(t, 3, strings.Count(text, "trying again"))
		assert.Regexp(t, `\n\d\d:\d\d:\d\d 2 more workers failed with the same error\n\d\d:\d\d:\d\d error: reload failed\n`, text)
		assert.Equal(t, 2, strings.Count(text, "asyncio/runners.py"), text)
		assert.True(t, strings.HasSuffix(text, "unfinished"))
	}
	f := NewFolded(brokenWriter{}, true, nil)
	_, err := fmt.Fprintln(f, "x")
	require.ErrorIs(t, err, errBroken)
	require.ErrorIs(t, f.Close(), errBroken)
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
