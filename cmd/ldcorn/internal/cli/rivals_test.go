package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRivals(t *testing.T) {
	dir := t.TempDir()
	folder := func(name, script string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(path, 0o755))
		if script != "" {
			require.NoError(t, os.WriteFile(filepath.Join(path, "ldcorn"), []byte(script), mode))
		}
		return path
	}
	pip := folder("pip", "#!/venv/bin/python\n# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom ldcorn.__main__ import main\n", 0o755)
	long := folder("long", "#!/bin/sh\n'''exec' '/a long/python' \"$0\" \"$@\"\n' '''\nimport sys\nfrom ldcorn.__main__ import main\n", 0o755)
	ours := folder("ours", "\x7fELF", 0o755)
	wheel := folder("wheel", "#!/bin/sh\n# runs ldcorn-go, which is beside it\nexec x\n", 0o755)
	plain := folder("plain", "#!/bin/sh\nfrom ldcorn import x\n", 0o644)
	empty := folder("empty", "", 0)
	list := string(os.PathListSeparator)

	for _, python := range []string{pip, long} {
		assert.Contains(t, rivals(empty+list+python+list+ours), "`ldcorn` on PATH is the Python version, "+filepath.Join(python, "ldcorn")+": to run this one, call it /")
		assert.Equal(t, "`ldcorn` on PATH is "+filepath.Join(ours, "ldcorn")+", and the Python version, "+filepath.Join(python, "ldcorn")+", comes after it",
			rivals(plain+list+ours+list+python))
	}
	assert.Empty(t, rivals(ours+list+wheel+list+plain+list+empty))
	assert.Empty(t, rivals(""))
}
