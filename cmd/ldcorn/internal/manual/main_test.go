package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each command has a page, and each shell a script. The same arguments give the same bytes.
func TestWrite(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	date := time.Unix(1_700_000_000, 0).UTC()
	require.NoError(t, write(dir, "1.2.3", date))
	require.NoError(t, write(again, "1.2.3", date))
	for name, want := range map[string]string{
		"man/ldcorn.1": `ldcorn 1.2.3`, "man/ldcorn-run.1": "ldcorn run [flags]", "bash/ldcorn": "__complete", "zsh/_ldcorn": "#compdef ldcorn", "fish/ldcorn.fish": "complete -c ldcorn",
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(data), want)
		twin, err := os.ReadFile(filepath.Join(again, name))
		require.NoError(t, err)
		assert.Equal(t, string(data), string(twin))
	}
}

func TestMarkdown(t *testing.T) {
	assert.Equal(t, "Signals of a\\_b:\n\n    INT  *stop*\n\nand \\<x\\>\n", markdown("Signals of a_b:\n  INT  *stop*\nand <x>\n"))
}
