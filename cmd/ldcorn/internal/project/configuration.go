package project

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// How many things of a kind a configuration names.
const (
	maxOthers  = 8  // apps
	maxServers = 4  // commands of other servers
	maxPlaces  = 4  // routes
	maxText    = 84 // characters of a text from the project
)

// A writer writes a configuration, line by line.
type writer struct {
	strings.Builder
	p *Project
}

// Configuration returns a configuration that serves the likeliest app, with what
// else the project says as comments. There must be an app.
func (p *Project) Configuration() string {
	w := &writer{p: p}
	w.comment(0, "`ldcorn` runs this file, and `ldcorn check` checks it. `ldcorn schema WorkerGroup` shows every argument.")
	w.line(0, "config = LdConfig(")
	w.line(1, `bind = "127.0.0.1:8000",  # ":8000" lets other machines connect, too`)
	w.servers()
	w.line(1, "workers = [")
	for _, l := range w.group("default", 2, []string{`"*"`}, true) {
		w.line(2, l)
	}
	w.others()
	w.suggestions()
	w.line(1, "],")
	w.line(0, ")")
	return w.String()
}

func (w *writer) line(indent int, text string) {
	w.WriteString(strings.Repeat("    ", indent) + text + "\n")
}

// comment writes a comment in front of an argument, on as many lines as it needs.
func (w *writer) comment(indent int, format string, args ...any) {
	text := terminal.Wrap(fmt.Sprintf(format, args...), terminal.DefaultWidth-4*indent-len("# "))
	for line := range strings.SplitSeq(text, "\n") {
		w.line(indent, "# "+line)
	}
}

// foreign makes a text from the project fit for a comment.
func foreign(text string) string {
	text = visible.String(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText-1]) + "…"
	}
	return text
}

// maxCode is how many characters an expression in a comment can have: it is of no use if
// it is cut.
const maxCode = 1000

// code makes an expression with texts from the project fit for a comment.
func code(text string) string {
	text = visible.String(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > maxCode {
		text = string(runes[:maxCode-1]) + "…"
	}
	return text
}

// group returns the lines of a group for the likeliest app, with its route as an
// expression, and perhaps with comments.
func (w *writer) group(name string, instances int, routes []string, comments bool) []string {
	a := &w.p.Apps[0]
	lines := []string{"WorkerGroup("}
	add := func(argument, value string) { lines = append(lines, "    "+argument+" = "+value+",") }
	say := func(comment string) {
		if comments {
			lines[len(lines)-1] += "  # " + comment
		}
	}
	add("name", quoted(name))
	add("app", quoted(a.Name))
	say(foreign(strings.TrimPrefix(a.Framework+", "+a.At, ", ")))
	var options []string
	if a.Factory {
		options = append(options, `"--factory"`)
	}
	if a.AppDir != "" {
		options = append(options, `"--app-dir"`, quoted(a.AppDir))
	}
	if len(options) > 0 {
		add("uvicorn_args", "["+strings.Join(options, ", ")+"]")
	}
	add("cwd", quoted(a.Cwd))
	if a.Cwd == "." {
		say("where the workers run: the folder of this file")
	}
	var env []string
	if w.p.Dotenv != "" {
		env = append(env, "env_file("+quoted(w.p.Dotenv)+", default = {})")
	}
	if a.Settings != "" {
		env = append(env, "{"+quoted(settingsVariable)+": "+quoted(a.Settings)+"}")
	}
	if len(env) > 0 {
		add("env", strings.Join(env, " | "))
	}
	if w.p.Dotenv != "" {
		say("its variables, as secrets")
	}
	if python := w.p.Python; python.Path != "" && !python.Default {
		add("python", quoted(python.Path))
	}
	add("instances", strconv.Itoa(instances))
	if a.Sticky != "" {
		if comments {
			lines = append(lines, "    # A client stays with the process that has its session.")
		}
		add("sticky", a.Sticky)
	}
	if len(routes) == 1 {
		add("routes", "["+routes[0]+"]")
		return append(lines, "),")
	}
	lines = append(lines, "    routes = [")
	for _, r := range routes {
		lines = append(lines, "        "+r+",")
	}
	return append(lines, "    ],", "),")
}

// quoted returns a string of Starlark.
func quoted(s string) string { return strconv.Quote(s) }

// servers writes what other servers do with the project.
func (w *writer) servers() {
	for _, s := range w.p.Servers[:min(len(w.p.Servers), maxServers)] {
		var same []string
		if bind := s.bind(); bind != "" {
			same = append(same, "bind = "+bind)
		}
		if trusted := s.Front.trusted(); trusted != "" {
			same = append(same, "trusted_proxies = "+trusted)
		}
		if instances := instancesOf(s.Workers); instances != "" {
			same = append(same, "instances = "+instances)
		}
		if len(same) == 0 && s.Command == runCall { // it says nothing else
			continue
		}
		w.comment(1, "%s has: %s", foreign(s.At), foreign(s.Command))
		if len(same) > 0 {
			w.comment(1, "The same here: %s", code(strings.Join(same, ", ")))
		}
		if s.Front.Encrypted {
			w.comment(1, "Its key has a passphrase, for which ldcorn does not ask: decrypt it with openssl pkey.")
		}
	}
}

// bind returns the value of bind= for what a server says, or "".
func (s *Server) bind() string {
	address := ""
	if s.Bind != "" {
		address = bindOf(s.Bind)
	}
	tls := s.Front.tls(s.folder)
	if tls == "" && !s.Front.ProxyProtocol {
		return address
	}
	if address == "" {
		address = `"127.0.0.1:8000"`
	}
	out := "listen(" + address
	if s.Front.ProxyProtocol {
		out += ", proxy_protocol = True"
	}
	if tls != "" {
		out += ", tls = " + tls
	}
	return out + ")"
}

// bindOf returns an address as the value of bind=. A variable of the shell becomes
// one of the environment.
func bindOf(address string) string {
	before, name, found := strings.Cut(address, "$")
	if !found {
		return quoted(address)
	}
	name, fallback, _ := strings.Cut(strings.Trim(name, "{}"), ":-")
	if before == "" {
		return fmt.Sprintf("env(%q, %q)", name, orElse(fallback, "127.0.0.1:8000"))
	}
	return fmt.Sprintf("%q + env(%q, %q)", before, name, orElse(fallback, "8000"))
}

// countForm matches a number of workers that means the same in a configuration.
var countForm = regexp.MustCompile(`^(?:cpu_count\(\)|min\(|max\(|//|[0-9+*(), -])+$`)

// instancesOf returns a number of workers as the value of instances=, or "" if it
// has none.
func instancesOf(workers string) string {
	if name, found := strings.CutPrefix(workers, "$"); found {
		name, fallback, _ := strings.Cut(strings.Trim(name, "{}"), ":-")
		return fmt.Sprintf("env.int(%q, %s)", name, orElse(fallback, "2"))
	}
	count := strings.NewReplacer("multiprocessing.", "", "os.cpu_count", "cpu_count").Replace(workers)
	if !countForm.MatchString(count) {
		return ""
	}
	return count
}

// others writes the other apps of the project.
func (w *writer) others() {
	others := w.p.Apps[1:]
	if len(others) == 0 {
		return
	}
	w.comment(2, "Other apps of this folder:")
	for i, a := range others {
		if i == maxOthers {
			w.comment(2, "  and %d more", len(others)-i)
			break
		}
		w.comment(2, "  %s", foreign(a.describe()))
	}
}

// describe returns the name of an app and where it is.
func (a *App) describe() string {
	var parts []string
	if a.Framework != "" {
		parts = append(parts, a.Framework)
	}
	if a.Factory {
		parts = append(parts, "--factory")
	}
	if a.Cwd != "." {
		parts = append(parts, "in "+a.Cwd)
	}
	return a.Name + " (" + strings.Join(append(parts, a.At), ", ") + ")"
}

// String returns a line about an app for people.
func (a *App) String() string { return foreign(a.describe()) }

// suggestions writes groups that the project could have, as comments.
func (w *writer) suggestions() {
	a := &w.p.Apps[0]
	if len(a.Websockets) > 0 {
		w.comment(2, "Websockets stay open for long. A group of their own keeps them apart:")
		w.places(a.Websockets)
		for _, l := range w.group("websockets", 1, []string{"websocket()"}, false) {
			w.line(2, "# "+l)
		}
	}
	if len(a.Slow) == 0 {
		return
	}
	w.comment(2, "In a group of their own, slow requests do not slow the others down. These could be slow:")
	w.places(a.Slow)
	if slices.ContainsFunc(a.Slow, func(r Route) bool { return r.Partial }) {
		w.comment(2, "Write each route with the prefix of its router.")
	}
	lines := w.group("slow", 1, routesOf(a.Slow), false)
	routes := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "    routes = ") })
	lines = slices.Insert(lines, routes, "    max_req_per_worker = 4,  # the others wait in a queue")
	for _, l := range lines {
		w.line(2, "# "+l)
	}
}

// routesOf returns the paths of the routes that places shows, as elements of a list.
func routesOf(routes []Route) []string {
	var paths []string
	for _, r := range routes[:min(len(routes), maxPlaces)] {
		if path := quoted(r.Path); !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// places writes routes with where they are, a line for each.
func (w *writer) places(routes []Route) {
	for i, r := range routes {
		if i == maxPlaces {
			w.comment(2, "  and more")
			break
		}
		text := r.At
		if r.Path != "" {
			text = r.Path + " (" + r.At + ")"
		}
		w.comment(2, "  %s", foreign(text))
	}
}
