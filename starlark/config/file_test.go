package config_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
)

// TestMissingFile checks that the error for a file that does not exist names a similar
// one, if there is one.
func TestMissingFile(t *testing.T) {
	dir := write(t, map[string]string{"ldconfig.star": "", "production.env": "A=1", ".env": ""})
	for name, near := range map[string]string{"ldconfg.star": "ldconfig.star", "prodution.env": "production.env", "other.env": "", "ldconfg.py": "", "no/ldconfig.star": ""} {
		path := filepath.Join(dir, name)
		want := "there is no file " + path
		if near != "" {
			want += "; did you mean " + filepath.Join(dir, near) + "?"
		}
		_, err := config.ReadEnvFile(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.Equal(t, want, err.Error())
		_, err = config.Evaluate(t.Context(), path, config.Options{})
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.Equal(t, want, err.Error())
		_, err = config.Evaluate(t.Context(), filepath.Join(dir, "ldconfig.star"), config.Options{EnvFiles: []string{path}})
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.Equal(t, "--env-file: "+want, err.Error())
	}
}
