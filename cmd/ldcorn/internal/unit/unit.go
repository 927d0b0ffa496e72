package unit

import (
	"cmp"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Options say which service is wanted.
type Options struct {
	Name    string   // of the service, without ".service"
	User    string   // that runs it
	Program string   // the absolute path of ldcorn
	Args    []string // of ldcorn, besides -c and the configuration
	Version int      // of systemd, at least MinVersion
	// Listen has the addresses of the sockets that the configuration takes from systemd,
	// by their names. Sockets named http and https, and those that speak TLS or redirect to
	// it, have usual ones.
	Listen   map[string]string
	Writable []string // absolute paths that the apps write
	Pythons  []string // absolute paths of the interpreters of the groups
	Apps     []string // absolute paths of the folders of the apps
	Venv     string   // $VIRTUAL_ENV that the interpreters are found by; "" = none
	// Any makes a service for whatever configuration is at the path of the plan: it allows
	// what some configuration needs.
	Any bool
	// Exists reports whether there is a file or a folder. nil = there is none.
	Exists func(path string) bool
}

// Versions of systemd.
const (
	MinVersion     = 239 // the oldest that units are written for
	DefaultVersion = 252 // if nothing else is known
)

// A File is a unit.
type File struct {
	Name string // such as ldcorn.service
	Text string
}

// Folder is where an administrator installs units.
const Folder = "/etc/systemd/system"

// Write returns the units for a plan, the service first, and remarks about what they
// cannot do, each a sentence for the user.
func Write(p *plan.Plan, o Options) ([]File, []string, error) {
	if o.Exists == nil {
		o.Exists = func(string) bool { return false }
	}
	w := &writer{plan: p, opts: o}
	sockets, err := w.sockets()
	if err != nil {
		return nil, nil, err
	}
	w.look()
	files := []File{{o.Name + ".service", w.service(sockets)}}
	for _, s := range sockets {
		files = append(files, File{s.file, w.socketUnit(s)})
	}
	return files, w.remarks, nil
}

// A writer writes the units of one plan.
type writer struct {
	plan    *plan.Plan
	opts    Options
	needs   needs
	remarks []string
}

// workFolder returns where the service runs, which is where workers without a cwd run.
func (w *writer) workFolder() string {
	dir := filepath.Dir(w.plan.Path)
	if isBelow(dir, "/etc") || dir == "/" {
		return w.stateFolder()
	}
	return dir
}

func (w *writer) stateFolder() string { return "/var/lib/" + w.opts.Name }

// asRoot reports whether the service runs as root.
func (w *writer) asRoot() bool {
	return cmp.Or(w.opts.User, "root") == "root" || len(w.needs.users) > 0
}
