//go:build linux

package loader

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
)

// TestLoader_Warnings checks that the log has a warning once, with what to do, and
// again only after a configuration without it.
func TestLoader_Warnings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	var log bytes.Buffer
	l := New(path, "ldconfig.star", interpret.Options{}, nil, io.Discard, slog.New(slog.NewTextHandler(&log, nil)))
	const good = `config = LdConfig(bind = "127.0.0.1:0", workers = [WorkerGroup("web", "app:app")])` + "\n"
	const unused = "unused = 1\n" + good
	for _, step := range []struct {
		text string
		logs int // how often the log has the warning by then
	}{{unused, 1}, {"\n\n" + unused, 1}, {"broken(\n", 1}, {unused, 1}, {good, 1}, {unused, 2}} {
		require.NoError(t, os.WriteFile(path, []byte(step.text), 0o600))
		_, warnings, err := l.Load(t.Context(), nil)
		assert.Equal(t, step.text == "broken(\n", err != nil)
		assert.Len(t, warnings, strings.Count(step.text, "unused"))
		assert.Equal(t, step.logs, strings.Count(log.String(), "`unused`"), log.String())
	}
	assert.Contains(t, log.String(), ` hint="remove it, or let its name begin with _"`)
}
