package unit

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// needs are what a plan needs of the service.
type needs struct {
	lowPorts []string // addresses with ports below 1024
	groups   []string // to which files of sockets belong
	owners   []string // users other than that of the service, likewise
	users    []string // groups of workers that run as users of their own
	delegate bool     // cgroups for workers
	nice     int      // the least nice value of a worker; 0 if none is negative
	files    uint64   // the most open files of a worker; 0 if none asks

	writes  []string // folders outside of those below
	runtime []string // names below /run
	state   []string // names below /var/lib
	cache   []string // names below /var/cache
	logs    []string // names below /var/log

	home []string // paths in the homes of users
	temp []string // paths in /tmp and /var/tmp that are not for the service alone
	env  []string // variables that the configuration reads
}

// look finds out what the plan needs.
func (w *writer) look() {
	n := &w.needs
	n.runtime, n.state = []string{w.opts.Name}, []string{w.opts.Name}
	for i := range w.plan.Listeners {
		w.lookAtListener(&w.plan.Listeners[i])
	}
	w.lookAtBind(w.plan.Admin)
	for _, g := range w.plan.Groups {
		w.lookAtGroup(g)
	}
	for _, path := range w.reads() {
		w.see(path)
	}
	for _, path := range w.writes() {
		w.see(path)
		w.place(filepath.Dir(path))
	}
	for _, path := range w.opts.Writable {
		w.see(path)
		w.place(path)
	}
	if dir := w.plan.BufferDir; dir != "" && dir != "/tmp" && dir != "/var/tmp" { // those that every service has
		w.see(dir)
		w.place(dir)
	}
	for _, in := range w.plan.Inputs {
		if in.Kind == plan.InputEnv {
			n.env = addTo(n.env, in.Name)
		}
	}
	slices.Sort(n.env)
}

// reads returns the paths that the service reads.
func (w *writer) reads() []string {
	out := append([]string{w.opts.Program, w.plan.Path, w.opts.Venv}, w.opts.Pythons...)
	out = append(out, w.opts.Apps...)
	for _, in := range w.plan.Inputs {
		if in.Kind == plan.InputFile {
			out = append(out, in.Name)
		}
	}
	for i := range w.plan.Statics {
		out = append(out, w.plan.Statics[i].Dir)
	}
	for i := range w.plan.Listeners {
		for _, t := range w.plan.Listeners[i].TLS {
			out = append(out, t.Paths()...)
		}
	}
	for _, g := range w.plan.Groups {
		out = append(out, g.Cwd)
	}
	return slices.DeleteFunc(out, func(path string) bool { return path == "" })
}

// writes returns the files and folders that the configuration makes ldcorn write.
func (w *writer) writes() (out []string) {
	logs := []plan.AccessLog{w.plan.AccessLog}
	for _, g := range w.plan.Groups {
		logs = append(logs, g.AccessLog)
	}
	for _, l := range logs {
		if filepath.IsAbs(string(l)) {
			out = append(out, string(l))
		}
	}
	if w.plan.ControlSocket != "" {
		out = append(out, string(w.plan.ControlSocket))
	}
	for i := range w.plan.Listeners {
		l := &w.plan.Listeners[i]
		if l.Bind.Network == "unix" {
			out = append(out, l.Bind.Address)
		}
		for _, t := range l.TLS {
			if dir := t.ACME.Storage; dir != "" {
				out = append(out, filepath.Join(dir, "accounts"))
			}
		}
	}
	if w.plan.Admin.Network == "unix" {
		out = append(out, w.plan.Admin.Address)
	}
	return out
}

func (w *writer) lookAtListener(l *plan.Listener) {
	w.lookAtBind(l.Bind)
	if l.Owner.Group != "" {
		w.needs.groups = addTo(w.needs.groups, l.Owner.Group)
	}
	if l.Owner.User != "" && l.Owner.User != w.opts.User {
		w.needs.owners = addTo(w.needs.owners, l.Owner.User)
	}
}

// lookAtGroup notes what the processes of a group need beyond those of the master.
func (w *writer) lookAtGroup(g *plan.Group) {
	n := &w.needs
	if g.User != "" || g.UnixGroup != "" {
		n.users = addTo(n.users, strconv.Quote(g.Name))
	}
	n.delegate = n.delegate || g.HasMemoryLimit()
	if g.Nice != nil {
		n.nice = min(n.nice, *g.Nice)
	}
	for _, l := range g.Rlimits {
		if l.Name == "nofile" {
			n.files = max(n.files, l.Hard)
		}
	}
}

func (w *writer) lookAtBind(b plan.Bind) {
	if b.Network != "tcp" {
		return
	}
	_, port, _ := net.SplitHostPort(b.Address) // the plan has checked it
	if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 1024 {
		w.needs.lowPorts = addTo(w.needs.lowPorts, b.Address)
	}
}

// see notes that the service must see a path.
func (w *writer) see(path string) {
	switch {
	case isBelow(path, "/home"), isBelow(path, "/root"), isBelow(path, "/run/user"):
		w.needs.home = addTo(w.needs.home, path)
	case isBelow(path, "/tmp"), isBelow(path, "/var/tmp"):
		w.needs.temp = addTo(w.needs.temp, path)
	}
}

// place notes that the service writes into a folder.
func (w *writer) place(dir string) {
	n := &w.needs
	if rest, ok := strings.CutPrefix(dir, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		dir = "/run" + rest
	}
	for _, kind := range []struct {
		base  string
		names *[]string
	}{{"/run", &n.runtime}, {"/var/lib", &n.state}, {"/var/cache", &n.cache}, {"/var/log", &n.logs}} {
		name, ok := strings.CutPrefix(dir, kind.base+"/")
		first, _, _ := strings.Cut(name, "/")
		if !ok || isBelow(dir, "/run/user") || first != w.opts.Name && w.opts.Exists(kind.base+"/"+first) {
			continue // systemd would give a folder that others have to the user of the service
		}
		*kind.names = addTo(*kind.names, name)
		return
	}
	switch dir {
	case "/run", "/var/log", "/var/lib", "/var/cache", "/":
		w.remark("user %s can make no files in %s: let the configuration name a folder in it, such as %s", w.opts.User, dir, filepath.Join(dir, w.opts.Name))
	}
	n.writes = addTo(n.writes, dir)
}

// isBelow reports whether a path is a folder or in it.
func isBelow(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// addTo adds a text that the list does not have.
func addTo(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}
