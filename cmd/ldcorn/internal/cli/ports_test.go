package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
)

const portsPage = "docs/ports.md"

// portsUnits returns the units of docs/ports.md, by the path in the first line of each.
func portsUnits(t *testing.T) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, unit := range snippets(t, portsPage, "ini") {
		first, _, _ := strings.Cut(unit, "\n")
		path, found := strings.CutPrefix(first, "# /etc/systemd/system/")
		require.True(t, found, first)
		out[path] = unit
	}
	return out
}

// values returns the words of a setting in a unit.
func values(unit, setting string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^`+setting+`=(.*)$`).FindAllStringSubmatch(unit, -1) {
		out = append(out, strings.Fields(m[1])...)
	}
	return out
}

// TestPorts_Names: the service gets every socket, and the configuration names them.
func TestPorts_Names(t *testing.T) {
	units := portsUnits(t)
	service := units["ldcorn.service.d/sockets.conf"]
	var sockets, names []string
	for path, unit := range units {
		if strings.HasSuffix(path, ".socket") {
			sockets, names = append(sockets, path), append(names, values(unit, "FileDescriptorName")...)
			assert.Equal(t, []string{"ldcorn.service"}, values(unit, "Service"), path)
			assert.Len(t, values(unit, "ListenStream"), 1, path)
		}
	}
	require.Len(t, sockets, 2)
	for _, setting := range []string{"Sockets", "Requires", "After"} {
		assert.ElementsMatch(t, sockets, values(service, setting), setting)
	}
	var bound []string
	for _, text := range snippets(t, portsPage, "python") {
		path := filepath.Join(t.TempDir(), "ldconfig.star")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		p, err := config.Load(t.Context(), path, config.Options{})
		require.NoError(t, err, text)
		for _, l := range p.Listeners {
			if l.Bind.Network == "systemd" {
				bound = append(bound, l.Bind.Address)
			}
		}
	}
	assert.ElementsMatch(t, names, bound)
}

// TestPorts_Units: systemd takes the units, together with that of docs/operations.md.
func TestPorts_Units(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze; scripts/get-systemd installs it where it can")
	}
	all := snippets(t, "docs/operations.md", "ini")
	service := all[slices.IndexFunc(all, func(s string) bool { return strings.Contains(s, "[Service]") })]
	// It looks for the program and the folder.
	service = regexp.MustCompile(`(?m)^(Exec\w+)=\S+`).ReplaceAllString(service, "$1=/bin/true")
	dir := t.TempDir()
	units := portsUnits(t)
	units["ldcorn.service"] = service
	var paths []string
	for name, text := range units {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		if filepath.Dir(name) == "." {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	cmd := exec.Command(analyze, append([]string{"--man=no", "verify"}, paths...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		assert.NotContains(t, line, dir, "it says nothing about these units")
		assert.NotContains(t, line, "ldcorn", "likewise")
	}
}
