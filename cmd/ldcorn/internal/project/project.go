package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A Project is what a folder says about how to serve it.
type Project struct {
	Dir     string   // absolute
	Apps    []App    // the likeliest first; empty if there are none
	WSGI    []App    // apps that Uvicorn cannot serve without an adapter
	Factory []string // functions that make an app but need arguments, as "create_app (main.py:3)"
	Servers []Server // how the project is served now
	Python  Python
	Dotenv  string // the file of variables of the likeliest app, in the folder; "" if there is none

	Modules int      // how many Python files were read
	Broken  []string // what is wrong with those that could not be read, with their positions
	Cut     bool     // the folder has more files than the limits allow
}

// An App is an object or a function of the project that a server can load.
type App struct {
	Name      string // as Uvicorn takes it, such as "main:app"
	Factory   bool   // it is a function that makes the app
	Framework string // such as "FastAPI"
	At        string // where it is, such as "main.py:3"
	NamedBy   string // where the project names it, such as "Procfile:1", or ""
	Cwd       string // the folder in which a worker runs, in the folder of the project
	AppDir    string // the folder of the module, in Cwd, if it is another one
	Settings  string // the settings of Django that the worker has to be told, or ""
	Sticky    string // the value of sticky=, or ""

	Websockets []Route // of the likeliest app
	Slow       []Route // the same

	rank     []int
	wraps    []string
	variable string
	module   *module
}

// A Route is a path that an app serves.
type Route struct {
	Path    string // "" if reading does not tell
	At      string
	Why     string // why its requests can take long
	Partial bool   // a prefix may come before the path
}

// Look looks at a folder. Its error is about the folder itself, or that of the
// context.
func Look(ctx context.Context, dir string) (*Project, error) {
	files, err := walk(ctx, dir)
	if err != nil {
		return nil, err
	}
	l := &look{tree: files, p: &Project{Dir: dir, Cut: files.cut, Broken: files.unread}, places: make(map[*module]place)}
	if err := l.read(ctx); err != nil {
		return nil, err
	}
	l.resolver = newResolver(l.modules)
	l.p.Servers = l.servers()
	for _, m := range l.modules {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.appsOf(m)
	}
	l.addNamed()
	l.addDjango()
	called := l.called()
	l.p.Apps, l.p.WSGI = l.order(l.p.Apps, called), l.order(l.p.WSGI, called)
	l.keepServers()
	if len(l.p.Apps) > 0 {
		l.routes(&l.p.Apps[0])
		l.p.Dotenv = l.dotenv(&l.p.Apps[0])
	}
	l.p.Python = l.python()
	l.p.Cut = l.p.Cut || l.steps >= maxSteps
	return l.p, nil
}

// A look is a look at a folder in progress.
type look struct {
	*tree
	*resolver
	modules []*module
	places  map[*module]place
	p       *Project
}

// maxApps limits how many apps a look finds.
const maxApps = 200

// read reads the modules.
func (l *look) read(ctx context.Context) error {
	left := maxBytes
	for _, name := range l.tree.modules {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		data, err := regular.ReadFile(filepath.Join(l.dir, name), maxFileSize)
		if left -= len(data); left < 0 {
			l.p.Cut = true
			return nil
		}
		l.p.Modules++
		switch {
		case err != nil:
			l.broken(name, err)
			continue
		case !utf8.Valid(data):
			l.p.Broken = append(l.p.Broken, name+": it is not UTF-8 text")
			continue
		}
		m, err := parse(name, string(data))
		if err != nil {
			l.broken(name, err)
			continue
		}
		l.modules = append(l.modules, m)
	}
	return nil
}

// broken records that a module could not be read.
func (l *look) broken(name string, err error) {
	var at *pyast.Error
	switch {
	case errors.As(err, &at):
		src, _ := regular.ReadFile(filepath.Join(l.dir, name), maxFileSize) // it was read a moment ago
		text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n")
		if at.Offset <= len(text) {
			before := text[:at.Offset]
			column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
			name = fmt.Sprintf("%s:%d:%d", name, 1+strings.Count(before, "\n"), column)
		}
		l.p.Broken = append(l.p.Broken, name+": "+at.Message)
	default:
		l.p.Broken = append(l.p.Broken, name+": "+reason(err))
	}
}

// appsOf adds the apps of a module.
func (l *look) appsOf(m *module) {
	s := scope{module: m}
	made := false
	for _, name := range sortedNames(m.values) {
		if strings.HasPrefix(name, "_") {
			continue
		}
		v := l.variable(s, name, nil)
		if v.kind == unknown || len(l.p.Apps) >= maxApps {
			continue
		}
		made = true
		all := m.values[name]
		l.add(m, name, v, all[len(all)-1], false)
	}
	for _, name := range sortedNames(m.defs) {
		def := m.defs[name]
		if strings.HasPrefix(name, "_") {
			continue
		}
		if inner := asyncDef(def); inner != nil && isASGI(inner) && !made {
			l.add(m, name, value{kind: asgi, framework: "ASGI"}, inner, false)
		}
		if def.Kind != pyast.Def {
			continue
		}
		v := l.result(s, def, nil, s)
		switch {
		case v.kind == unknown || def.Find(pyast.Decorator) != nil || len(l.p.Apps) >= maxApps: // a decorator makes it something else
		case needsArguments(def):
			l.p.Factory = append(l.p.Factory, fmt.Sprintf("%s (%s)", name, m.at(def.Start)))
		default:
			l.add(m, name, v, def, true)
		}
	}
}

// add adds an app.
func (l *look) add(m *module, name string, v value, n *pyast.Node, factory bool) {
	place := l.place(m)
	app := App{
		Name: place.module + ":" + name, Factory: factory, Framework: v.framework, At: m.at(n.Start),
		Cwd: place.cwd, AppDir: place.appDir, Sticky: sessions[v.sticky],
		wraps: v.inner, variable: name, module: m,
	}
	switch {
	case place.module == "":
		l.p.Broken = append(l.p.Broken, m.path+": has an app, but Python cannot import a file with this name")
	case v.kind == wsgi:
		l.p.WSGI = append(l.p.WSGI, app)
	default:
		l.p.Apps = append(l.p.Apps, app)
	}
}

// at returns a position, such as "main.py:3".
func (m *module) at(offset int) string { return fmt.Sprintf("%s:%d", m.path, m.line(offset)) }

// dotenv returns the file of variables in the folder of an app, or else in that of the
// project.
func (l *look) dotenv(a *App) string {
	for _, folder := range []string{a.Cwd, "."} {
		name := filepath.Join(folder, ".env")
		if info, err := os.Stat(filepath.Join(l.dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// sessions are the values of sticky= for apps that keep sessions in the memory of
// a process.
var sessions = map[string]string{
	"socketio": `by_session(query = "sid", learn = "engine.io")`,
	"mcp":      `by_session(header = "Mcp-Session-Id")`,
}

func sortedNames[V any](of map[string]V) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
