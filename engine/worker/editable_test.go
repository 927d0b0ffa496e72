package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEditableFolders has what pip, setuptools, hatch and uv write for packages that
// are installed in place.
func TestEditableFolders(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", filepath.Join(dir, "home"))
	const site = "venv/lib/python3.11/site-packages/"
	for path, text := range map[string]string{
		"venv/bin/python": "ELF", "venv/pyvenv.cfg": "",
		"pth/src/a.py": "", "map/src/pkg/b.py": "", "map/src/single.py": "", "root/c.py": "", "a b/d.py": "", "copy/e.py": "",
		"home/.local/lib/python3.11/site-packages/u.pth": "DIR/root\n",

		site + "__editable__.one-1.pth":             "DIR/pth/src\n",
		site + "one-1.dist-info/direct_url.json":    `{"dir_info": {"editable": true}, "url": "file://DIR/pth"}`,
		site + "__editable___two_1_finder.py":       "import sys\nMAPPING: dict[str, str] = {'pkg': 'DIR/map/src/pkg', 'single': 'DIR/map/src/single'}\nNAMESPACES: dict = {'x': ['DIR/copy']}\n",
		site + "__editable__.two-1.pth":             "import __editable___two_1_finder; __editable___two_1_finder.install()",
		site + "two-1.dist-info/direct_url.json":    `{"dir_info": {"editable": true}, "url": "file://DIR/map"}`,
		site + "three-1.dist-info/direct_url.json":  `{"dir_info": {"editable": true}, "url": "file://DIR/a%20b"}`,
		site + "copy-1.dist-info/direct_url.json":   `{"dir_info": {}, "url": "file://DIR/copy"}`,
		site + "far-1.dist-info/direct_url.json":    `{"dir_info": {"editable": true}, "url": "file://host/DIR/copy"}`,
		site + "broken-1.dist-info/direct_url.json": `{`,
		site + "gone-1.dist-info/direct_url.json":   `{"dir_info": {"editable": true}, "url": "file://DIR/gone"}`,
		site + "odd.pth":                            "/\n\nrelative\nDIR/root/c.py\nDIR/home\n# DIR/copy\nDIR/venv/lib/python3.11/site-packages\n",
		site + "large.pth":                          "DIR/root\n" + strings.Repeat("#", maxEditableFile),
		"usr/bin/python3":                           "ELF", "usr/local/lib/python3.12/dist-packages/x.pth": "DIR/copy\n",
		"script": "#!/bin/sh\nexec \"DIR/venv/bin/python\" \"$@\"\n",
	} {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o700))
	}
	in := func(names ...string) []string {
		for i, name := range names {
			names[i] = filepath.Join(dir, name)
		}
		return names
	}
	venv := in("a b", "map/src", "pth/src")
	assert.Equal(t, venv, EditableFolders(filepath.Join(dir, "venv/bin/python")))
	assert.Equal(t, venv, EditableFolders(filepath.Join(dir, "script")))
	assert.Equal(t, in("copy", "root"), EditableFolders(filepath.Join(dir, "usr/bin/python3")))
}
