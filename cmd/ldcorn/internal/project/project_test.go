package project_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project/projecttest"
)

// summary is what a look has found, a line for each thing.
func summary(p *project.Project) string {
	var b strings.Builder
	apps := func(kind string, all []project.App) {
		for i := range all {
			a := &all[i]
			fmt.Fprintf(&b, "%s %s", kind, a)
			for name, v := range map[string]string{"app-dir": a.AppDir, "settings": a.Settings} {
				if v != "" {
					fmt.Fprintf(&b, " %s=%s", name, v)
				}
			}
			if a.NamedBy != "" {
				fmt.Fprintf(&b, " as in %s", a.NamedBy)
			}
			if a.Sticky != "" {
				fmt.Fprintf(&b, " sticky")
			}
			b.WriteString("\n")
			for _, r := range a.Websockets {
				fmt.Fprintf(&b, "  websocket %q at %s\n", r.Path, r.At)
			}
			for _, r := range a.Slow {
				fmt.Fprintf(&b, "  slow %s at %s, because of %s, partial %t\n", r.Path, r.At, r.Why, r.Partial)
			}
		}
	}
	apps("app", p.Apps)
	apps("wsgi", p.WSGI)
	for _, f := range p.Factory {
		fmt.Fprintf(&b, "needs arguments: %s\n", f)
	}
	for _, s := range p.Servers {
		fmt.Fprintf(&b, "server at %s: app %q, bind %q, workers %q\n", s.At, s.App, s.Bind, s.Workers)
	}
	if p.Python != (project.Python{}) {
		fmt.Fprintf(&b, "python %+v\n", p.Python)
	}
	for _, text := range p.Broken {
		fmt.Fprintf(&b, "broken %s\n", text)
	}
	return b.String()
}

// TestLook compares what is found in the projects of testdata with the file "want"
// of each. UPDATE_PROJECTS=1 writes it.
func TestLook(t *testing.T) {
	projecttest.Each(t, func(t *testing.T, sample *projecttest.Sample) {
		p, err := project.Look(t.Context(), sample.Dir)
		require.NoError(t, err)
		got := summary(p)
		if os.Getenv("UPDATE_PROJECTS") != "" {
			sample.Update(t, got)
			return
		}
		assert.Equal(t, sample.Want, got)
	})
}

// TestLook_Hostile: nothing in a folder makes a look hang, follow links out of it, or
// read without limits.
func TestLook_Hostile(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) { require.NoError(t, os.WriteFile(path(name), []byte(text), 0o600)) }
	require.NoError(t, os.Symlink(".", path("loop")))
	require.NoError(t, os.Symlink("/", path("root")))
	require.NoError(t, os.Symlink("circle.py", path("circle.py")))
	require.NoError(t, os.Symlink("gone", path(".venv")))
	require.NoError(t, unix.Mkfifo(path("fifo.py"), 0o600))
	require.NoError(t, unix.Mkfifo(path("Procfile"), 0o600))
	require.NoError(t, os.Mkdir(path("folder.py"), 0o700))
	require.NoError(t, os.Mkdir(path("closed"), 0))
	require.NoError(t, os.Truncate(create(t, path("big.py")), 1<<40))
	write("binary.py", "\xff\xfe\x00")
	write("nested.py", strings.Repeat("(", 100_000))
	classes := ""
	for i := range 200 {
		classes += fmt.Sprintf("class C%d(C%d, C%d, C%d, C%d): pass\n", i, i+1, i+2, i+3, i+4)
	}
	write("classes.py", classes+"x = C0()\n")
	write("many.py", "def f():\n"+strings.Repeat("    return f(g(f()))\n", 2_000)+"def g(x=1):\n"+strings.Repeat("    return f()\n", 2_000)+"x = f()\n"+strings.Repeat("y = y\n", 5_000))
	write("long.py", "x = "+strings.Repeat("1 + ", 100_000)+"1")
	write("new\nline \x1b[31m.py", "from fastapi import FastAPI\napp = FastAPI()")
	deep := dir
	for range 50 {
		deep = filepath.Join(deep, "d")
	}
	require.NoError(t, os.MkdirAll(deep, 0o700))
	write("main.py", "from fastapi import FastAPI\napp = FastAPI()\nenv = \"\"\"\n# \x1b[31m\n\"\"\"\n@app.websocket('/\"\\n[')\nasync def f(): pass")
	p, err := project.Look(t.Context(), dir)
	require.NoError(t, err)
	require.Len(t, p.Apps, 1)
	assert.Equal(t, "main:app", p.Apps[0].Name)
	assert.True(t, p.Cut)
	for _, name := range []string{"fifo.py", "circle.py", "big.py", "binary.py", "nested.py"} {
		assert.True(t, slices.ContainsFunc(p.Broken, func(s string) bool { return strings.HasPrefix(s, name+":") }), "%s: %q", name, p.Broken)
	}
	assert.NotContains(t, p.Configuration(), "\x1b")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = project.Look(ctx, dir)
	require.ErrorIs(t, err, context.Canceled)
	_, err = project.Look(t.Context(), path("gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestLook_Large: a look ends at its limits, and says so.
func TestLook_Large(t *testing.T) {
	dir := t.TempDir()
	for i := range 5_100 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("m%d.py", i)), []byte("import os\n"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte("from fastapi import FastAPI\napp = FastAPI()\n"), 0o600))
	p, err := project.Look(t.Context(), dir)
	require.NoError(t, err)
	assert.True(t, p.Cut)
	assert.Equal(t, 5_000, p.Modules)
	assert.Len(t, p.Apps, 1)
}

func create(t *testing.T, path string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

// TestConfiguration_Width: no comment is wider than 80 columns, however long the
// commands of the project are.
func TestConfiguration_Width(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.py":  "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/slow')\ndef slow():\n    time.sleep(3)\n",
		"Procfile": "web: gunicorn main:app -k uvicorn.workers.UvicornWorker -w 4 --timeout 60 --graceful-timeout 30 --bind 0.0.0.0:80\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	p, err := project.Look(t.Context(), dir)
	require.NoError(t, err)
	text := p.Configuration()
	assert.Contains(t, text, "Procfile:1 has: gunicorn")
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, len(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

// TestConfiguration_SlowRoutes checks that the suggested group takes each route that
// could be slow.
func TestConfiguration_SlowRoutes(t *testing.T) {
	dir := t.TempDir()
	app := "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/slow')\ndef slow():\n    time.sleep(3)\n@app.get('/report')\ndef report():\n    time.sleep(3)\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(app), 0o600))
	p, err := project.Look(t.Context(), dir)
	require.NoError(t, err)
	assert.Contains(t, p.Configuration(), `        #     max_req_per_worker = 4,  # the others wait in a queue
        #     routes = [
        #         "/slow",
        #         "/report",
        #     ],
        # ),
`)
}
