package masterlog

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestParseRecord checks that a record of the text format comes back, and that
// nothing else is taken for one.
func TestParseRecord(t *testing.T) {
	var text bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).With("group", "web").Warn("worker crashed", "worker", 1,
		"err", errors.New("exit \"3\"\none=two"), "empty", "", "restart_in", 0*time.Second, "reason", "a=b c")
	r, ok := parseRecord(strings.TrimSuffix(text.String(), "\n"))
	require.True(t, ok)
	assert.Equal(t, slog.LevelWarn, r.Level)
	assert.Equal(t, "worker crashed", r.Message)
	got := make(map[string]string)
	r.Attrs(func(a slog.Attr) bool { got[a.Key] = a.Value.String(); return true })
	assert.Equal(t, map[string]string{"group": "web", "worker": "1", "err": "exit \"3\"\none=two", "empty": "", "restart_in": "0s", "reason": "a=b c"}, got)

	for _, line := range []string{"", "hello", "web.0[1] | time=2026-01-02T03:04:05Z level=INFO msg=x", "time=now level=INFO msg=x", "time=2026-01-02T03:04:05Z msg=x",
		"time=2026-01-02T03:04:05Z level=LOUD msg=x", `time=2026-01-02T03:04:05Z level=INFO msg="x`, "time=2026-01-02T03:04:05Z level=INFO msg=x more"} {
		_, ok := parseRecord(line)
		assert.False(t, ok, line)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(`time=2026-01-02T03:04:05Z level=INFO msg="a b" c="\x1b" d=e`)
	f.Fuzz(func(t *testing.T, line string) {
		if r, ok := parseRecord(line); ok {
			var out strings.Builder
			NewFolded(&out, false, nil).showRecord(r)
			assert.NotContains(t, out.String(), "\x1b")
		}
	})
}
