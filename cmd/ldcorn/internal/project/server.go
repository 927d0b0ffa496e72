package project

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A Server is a command or a configuration of another server that serves the
// project. What it does not say is empty.
type Server struct {
	At      string // such as "Procfile:1"
	Command string // as it stands there
	App     string
	Bind    string // an address, or a variable of the shell in it
	Workers string // a number, or an expression
	AppDir  string
	Front   Front
	folder  string // where it runs, in the project
	file    string // the module, if the command names it by its file
}

// servers finds the commands that serve the project, those near its top first.
func (l *look) servers() []Server {
	var out []Server
	for _, name := range sortedNames(l.names) {
		if strings.Count(name, "/") > 1 || !hasCommands(path.Base(name)) {
			continue
		}
		text, err := regular.ReadFile(filepath.Join(l.dir, name), maxFileSize)
		if err == nil {
			out = append(out, commandsIn(name, text)...)
		}
	}
	for _, m := range l.modules {
		out = append(out, m.servers()...)
	}
	slices.SortStableFunc(out, func(a, b Server) int { return strings.Count(a.At, "/") - strings.Count(b.At, "/") })
	return out
}

// hasCommands reports whether a file usually has the command of a server.
func hasCommands(base string) bool {
	switch base {
	case "Procfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "Makefile", "justfile",
		"start.sh", "run.sh", "entrypoint.sh", "docker-entrypoint.sh", "start", "fly.toml", "render.yaml", "app.yaml":
		return true
	}
	return base == "Dockerfile" || strings.HasPrefix(base, "Dockerfile.") || strings.HasSuffix(base, ".dockerfile") || strings.HasSuffix(base, ".service")
}

// program matches the name of a server as a word of a command.
var program = regexp.MustCompile(`(?:^|[\s"'/=(])(uvicorn|gunicorn|hypercorn|daphne|granian|fastapi)["',\s]`)

// commandsIn returns the commands of servers in the text of a file.
func commandsIn(name string, text []byte) []Server {
	var out []Server
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFileSize)
	begun, joined := 0, ""
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if joined == "" {
			begun = n
		}
		if rest, goesOn := strings.CutSuffix(line, `\`); goesOn {
			joined += rest + " "
			continue
		}
		line, joined = joined+line, ""
		if strings.HasPrefix(line, "#") || strings.Contains(line, "pip install") {
			continue
		}
		at := program.FindStringSubmatchIndex(line + " ")
		if at == nil {
			continue
		}
		s := readCommand(commandWords(line[at[2]:]))
		s.At, s.folder = fmt.Sprintf("%s:%d", name, begun), path.Dir(name)
		if s.App != "" || s.file != "" || s.Bind != "" || s.Workers != "" || s.Front != (Front{}) {
			out = append(out, s)
		}
	}
	return out
}

// commandWords splits a command as a shell does, or the JSON that Docker takes, as
// far as a server's options need it.
func commandWords(line string) []string {
	line = strings.NewReplacer(`", "`, " ", `","`, " ", `', '`, " ", `"`, "", `'`, "", "]", "").Replace(line)
	words := strings.Fields(line)
	for i, w := range words {
		if w == "&&" || w == ";" || w == "|" || w == "&" || w == "#" {
			return words[:i]
		}
	}
	return words
}

// readCommand reads the options of a server's command.
func readCommand(words []string) Server {
	s, shown := Server{}, slices.Clone(words)
	host, port := "", ""
	for i := 1; i < len(words); i++ {
		option, value, joined := strings.Cut(words[i], "=")
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		switch option {
		case "--host":
			host = value
		case "--port", "-p":
			port = value
		case "--bind", "-b":
			s.Bind = value
		case "--uds":
			s.Bind = "unix:" + value
		case "--workers", "-w":
			s.Workers = value
		case "--app-dir", "--chdir", "--pythonpath":
			s.AppDir = value
		case "--proxy-protocol":
			s.Front.ProxyProtocol = value != "False" && value != "off"
			continue
		case "--ssl-keyfile-password":
			s.Front.Encrypted = true
			if shown[i] = option + "=…"; !joined && i+1 < len(words) {
				shown[i], shown[i+1] = option, "…"
			}
		default:
			if place := frontOptions[option]; place != nil {
				*place(&s.Front) = value
				break
			}
			if s.App == "" && appForm.MatchString(words[i]) {
				s.App = strings.TrimSuffix(words[i], "()")
			}
			if words[0] == "fastapi" && strings.HasSuffix(words[i], ".py") {
				s.file = path.Clean(words[i])
			}
			continue
		}
		if !joined {
			i++
		}
	}
	s.Command = strings.Join(shown, " ")
	if words[0] == "fastapi" && words[min(1, len(words)-1)] == "run" {
		host = orElse(host, "0.0.0.0")
	}
	if s.Bind != "" && !strings.ContainsAny(s.Bind, ":$") { // Daphne takes a host
		host, s.Bind = s.Bind, ""
	}
	if s.Bind == "" && host+port != "" {
		s.Bind = orElse(host, "127.0.0.1") + ":" + orElse(port, "8000")
	}
	return s
}

// appForm matches an app on a command line.
var appForm = regexp.MustCompile(`^[\pL_][\pL\pN_.]*:[\pL_][\pL\pN_]*(\(\))?$`)

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// runCall stands for a call of uvicorn.run.
const runCall = "uvicorn.run(…)"

// servers returns the calls of uvicorn.run in a module, or its settings if it is a
// configuration of Gunicorn.
func (m *module) servers() []Server {
	if slices.Contains([]string{"gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "gunicorn.py"}, path.Base(m.path)) {
		return m.gunicorn()
	}
	var out []Server
	pyast.Walk(m.file, func(n *pyast.Node) bool {
		if n.Kind != pyast.Call || m.reference(n.Kid(0)) != "uvicorn.run" || len(n.Kids) < 2 {
			return true
		}
		s := Server{At: m.at(n.Start), Command: runCall, folder: m.folder(), Workers: m.plain(keyword(n, "workers"))}
		app := n.Kid(1)
		if named := keyword(n, "app"); named != nil {
			app = named
		}
		if text, ok := m.literal(app); ok {
			s.App = text
		} else if app.Kind == pyast.Name && m.values[app.Name] != nil {
			s.App = path.Base(m.name()) + ":" + app.Name
		}
		host, port := m.plain(keyword(n, "host")), m.plain(keyword(n, "port"))
		if host+port != "" {
			s.Bind = address(orElse(host, "127.0.0.1") + ":" + orElse(port, "8000"))
		}
		s.Front = m.frontOf("ssl_", func(name string) *pyast.Node { return keyword(n, name) })
		out = append(out, s)
		return true
	})
	return out
}

// gunicorn returns the settings of a configuration of Gunicorn.
func (m *module) gunicorn() []Server {
	setting := func(name string) string {
		all := m.values[name]
		if len(all) == 0 {
			return ""
		}
		return m.plain(all[len(all)-1].Kid(-1))
	}
	s := Server{At: m.path, Command: "gunicorn -c " + m.path, App: setting("wsgi_app"), Bind: address(setting("bind")),
		Workers: setting("workers"), AppDir: setting("chdir"), folder: m.folder()}
	s.Front = m.frontOf("", func(name string) *pyast.Node {
		if all := m.values[name]; len(all) > 0 {
			return all[len(all)-1].Kid(-1)
		}
		return nil
	})
	if s.App == "" && s.Bind == "" && s.Workers == "" && s.Front == (Front{}) {
		return nil
	}
	return []Server{s}
}

// addressForm matches an address whose parts are no expressions.
var addressForm = regexp.MustCompile(`^(unix:.*|[\w.-]*:\d+|\[[0-9a-f:]+\]:\d+)$`)

// address returns an address of a Python file, or "" if it is an expression.
func address(s string) string {
	if !addressForm.MatchString(s) {
		return ""
	}
	return s
}

// plain returns the text of a string, or that of another expression, or "" for
// none.
func (m *module) plain(n *pyast.Node) string {
	if n == nil {
		return ""
	}
	if text, ok := m.literal(n); ok {
		return text
	}
	return m.text(n)
}
