package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vulnerable is an entry of a database for a function of Go's standard library, which every
// version has.
const vulnerable = `{
	"schema_version": "1.3.1", "id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
	"summary": "A fault for tests", "details": "A fault for tests.",
	"affected": [{
		"package": {"name": "stdlib", "ecosystem": "Go"},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "999.0.0"}]}],
		"ecosystem_specific": {"imports": [{"path": "FOLDER", "symbols": ["SYMBOL"]}]}
	}],
	"database_specific": {"url": "https://pkg.go.dev/vuln/GO-2026-0001", "review_status": "REVIEWED"}
}`

// database writes a database of vulnerabilities, and returns its address. Entries are by their
// identifiers, all for the standard library.
func database(t *testing.T, entries map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write("index/db.json", `{"modified": "2026-01-01T00:00:00Z"}`)
	modules, vulns := "", ""
	for id, text := range entries {
		modules = `{"path": "stdlib", "vulns": [{"id": "` + id + `", "modified": "2026-01-01T00:00:00Z", "fixed": "999.0.0"}]}`
		vulns = `{"id": "` + id + `", "modified": "2026-01-01T00:00:00Z"}`
		write("ID/"+id+".json", text)
	}
	write("index/modules.json", "["+modules+"]")
	write("index/vulns.json", "["+vulns+"]")
	return "file://" + dir
}

func TestVulncheck(t *testing.T) {
	t.Parallel()
	run := func(db string) (string, bool) {
		// A small package: the check of the program takes a minute.
		cmd := exec.Command("../vulncheck", "./engine/visible")
		cmd.Env = append(os.Environ(), "GOVULNDB="+db, "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	out, ok := run(database(t, nil))
	assert.True(t, ok, out)
	assert.Contains(t, out, "DB updated: 2026-01-01")

	in := func(folder, symbol string) map[string]string {
		return map[string]string{"GO-2026-0001": strings.NewReplacer("FOLDER", folder, "SYMBOL", symbol).Replace(vulnerable)}
	}
	out, ok = run(database(t, in("strings", "Split")))
	assert.False(t, ok, out)
	assert.Contains(t, out, "GO-2026-0001")
	assert.Contains(t, out, "on linux, ./engine/visible calls code with a known vulnerability")

	// Nothing calls this one.
	out, ok = run(database(t, in("strings", "ToTitle")))
	assert.True(t, ok, out)

	for _, db := range []string{"file://" + filepath.Join(t.TempDir(), "none"), "http://127.0.0.1:1"} {
		out, ok = run(db)
		assert.False(t, ok)
		assert.Contains(t, out, "there is no database of vulnerabilities at "+db)
		assert.Contains(t, out, "set GOVULNDB=file:///FOLDER")
	}
}
