package cli

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/starlark/format"
)

// snippets are the code blocks of a page in a language: what people paste.
func snippets(t *testing.T, page, language string) []string {
	t.Helper()
	out := blocks(t, page, language)
	require.NotEmpty(t, out, "%s has no block of %s", page, language)
	return out
}

// blocks is like snippets for pages that may have none.
func blocks(t *testing.T, page, language string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(harness.Root(t, page))
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatch(text, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// pages returns the README and the pages of docs, by their paths in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	root := harness.Root(t)
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	out := []string{"README.md"}
	for _, path := range found {
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		out = append(out, name)
	}
	return out
}

// nginxVariables are those of nginx's own that the short configuration uses.
var nginxVariables = []string{"host", "http_host", "http_upgrade", "proxy_add_x_forwarded_for", "scheme", "server_port"}

// TestPages_Nginx: the short lines for nginx are a configuration as they
// stand. Where nginx is there, it is asked; without it, what a reader of the
// text can find is still found: a variable that nothing defines, and a
// directive that stands in a comment.
func TestPages_Nginx(t *testing.T) {
	all := slices.DeleteFunc(snippets(t, "docs/behind.md", "nginx"), func(s string) bool { return !strings.Contains(s, "# in server { }") })
	require.Len(t, all, 1)
	http, server, found := strings.Cut(all[0], "# in server { }\n")
	require.True(t, found, "the block has a part for http and one for server")

	known := map[string]bool{}
	for _, name := range nginxVariables {
		known[name] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^map \$\w+ \$(\w+) \{$|\(\?<(\w+)>`).FindAllStringSubmatch(http, -1) {
		known[cmp.Or(m[1], m[2])] = true
	}
	depth := 0
	for line := range strings.Lines(all[0]) {
		code, comment, _ := strings.Cut(line, "#")
		if code = strings.TrimSpace(code); code != "" {
			assert.Regexp(t, `[;{}]$`, code)
			assert.Empty(t, strings.TrimSpace(comment), "a comment behind a directive is not pasted as one")
		}
		depth += strings.Count(code, "{") - strings.Count(code, "}")
		for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(code, -1) {
			assert.True(t, known[m[1]], "nothing defines $%s", m[1])
		}
	}
	assert.Zero(t, depth, "brackets that are not closed")

	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Log("there is no nginx to check the configuration; scripts/get-proxies installs it")
		return
	}
	dir := t.TempDir()
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("pid %s;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s%sserver {\nlisten unix:%s;\n%s}\n}\n",
		filepath.Join(dir, "pid"), &temp, http, filepath.Join(dir, "s"), server)
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	said, err := exec.Command(nginx, "-t", "-p", dir, "-c", conf).CombinedOutput()
	require.NoError(t, err, "%s", said)
}

// TestPages_Unit: the limits of the service manager do not undercut ldcorn's own.
func TestPages_Unit(t *testing.T) {
	var unit string
	for _, s := range snippets(t, "docs/operations.md", "ini") {
		if strings.Contains(s, "[Service]") {
			unit = s
		}
	}
	require.Contains(t, unit, "\nType=notify\n")
	assert.Contains(t, unit, "\nTimeoutStartSec=infinity\n", "systemd would kill a master whose startup_timeout is longer than 90 s")
	for line := range strings.Lines(unit) { // systemd knows no comment behind a value
		assert.False(t, strings.Contains(line, "#") && !strings.HasPrefix(line, "#"), line)
	}
}

// TestPages_Configurations: every whole configuration of a page is one, and
// formatted. Those with an ellipsis leave something out.
func TestPages_Configurations(t *testing.T) {
	var texts []string
	for _, page := range pages(t) {
		texts = append(texts, blocks(t, page, "python")...)
	}
	checked := 0
	for _, text := range texts {
		if !strings.Contains(text, "LdConfig(") || strings.Contains(text, "…") {
			continue
		}
		checked++
		path := filepath.Join(t.TempDir(), "ldconfig.star")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		root := newRootCommand(&rootOptions{})
		var out strings.Builder
		root.SetArgs([]string{"check", "--allow-missing-env", path})
		root.SetOut(&out)
		root.SetErr(&out)
		require.NoError(t, root.ExecuteContext(t.Context()), "%s\n%s", text, &out)
		formatted, err := format.Format(path, []byte(text))
		require.NoError(t, err)
		assert.Equal(t, string(formatted), text, "as ldcorn fmt writes it")
	}
	assert.Positive(t, checked)
}

// TestMakefile_Bin: bin, which a user may have in PATH, gets nothing but ldcorn.
func TestMakefile_Bin(t *testing.T) {
	makefile, err := os.ReadFile(harness.Root(t, "Makefile"))
	require.NoError(t, err)
	files := regexp.MustCompile(`\bbin/[\w.]+`).FindAllString(string(makefile), -1)
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.Contains(t, []string{"bin/ldcorn", "bin/sh"}, file)
	}
}

// TestPages_Go: the pages name the version of Go that the module needs.
func TestPages_Go(t *testing.T) {
	module, err := os.ReadFile(harness.Root(t, "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.NotNil(t, version)
	naming := make(map[string]bool)
	for _, page := range pages(t) {
		text, err := os.ReadFile(harness.Root(t, page))
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`Go (\d+\.\d+) or later`).FindAllSubmatch(text, -1) {
			assert.Equal(t, string(version[1]), string(m[1]), page)
			naming[page] = true
		}
	}
	for _, page := range []string{"README.md", "docs/install.md", "docs/quickstart.md"} {
		assert.True(t, naming[page], "%s does not say which Go is needed", page)
	}
}
