package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/watch"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// WatchOptions make a master reload what is saved, for development.
type WatchOptions struct {
	// Paths returns the absolute paths of the files that the latest Load has read
	// or looked for, whether it failed or not. Required.
	Paths func() []string
	// Diagnose returns what is wrong with the configuration, on several lines.
	// Required.
	Diagnose func(error) string
	Poll     bool // see watch.Options
}

// A watching knows which files are the configuration and which are the code of
// which group, and collects what was saved until the reloader takes it. Its
// methods are safe to call from any goroutine. A nil watching watches nothing.
type watching struct {
	watcher *watch.Watcher
	opts    *WatchOptions
	config  string // path of the configuration
	home    string // folder of groups without cwd=
	log     *slog.Logger
	more    chan struct{} // of capacity 1; full if there may be something to take

	mu      sync.Mutex          // guards the fields below
	inputs  map[string]bool     // files of the configuration
	folders map[string][]string // by group
	broken  bool                // the latest configuration could not be read
	due     saved               // not taken yet
	owed    saved               // taken, but not in effect, because something is wrong
	told    string              // what is watched
	doing   doing               // what the reloader brings into effect
}

// newWatching returns what the options ask for, or nil.
func newWatching(opts *Options) *watching {
	if opts.Watch == nil {
		return nil
	}
	home, err := os.Getwd()
	if err != nil {
		home = "/"
	}
	w := &watching{opts: opts.Watch, config: opts.ConfigPath, home: home, log: opts.Log, more: make(chan struct{}, 1)}
	w.watcher = watch.New(watch.Options{Log: opts.Log, Changed: w.changed, Adopted: w.adopted, Poll: opts.Watch.Poll})
	return w
}

// run watches until ctx is canceled.
func (w *watching) run(ctx context.Context) { _ = w.watcher.Run(ctx) } // returns nil

// follow watches the files of the configuration that was loaded last, and the
// code of the groups of some plans, each of which may be nil. What was saved
// since a time and was not watched then counts as saved. If no plan could be
// loaded, err says why.
func (w *watching) follow(since time.Time, err error, plans ...*plan.Plan) {
	if w == nil {
		return
	}
	inputs, folders := map[string]bool{w.config: true}, make(map[string][]string)
	for _, path := range w.opts.Paths() {
		inputs[path] = true
	}
	if err != nil { // an evaluation that stops early has not read all of its files
		w.mu.Lock()
		maps.Copy(inputs, w.inputs)
		w.mu.Unlock()
	}
	trees, more := make(map[string]bool), make(map[string]bool)
	editable := w.editable()
	for _, p := range plans {
		if p == nil {
			continue
		}
		for _, g := range p.Groups {
			own := worker.CodeFolders(g, w.home)
			for _, dir := range own {
				trees[dir] = true
			}
			for _, dir := range editable(g) {
				if !slices.ContainsFunc(own, func(in string) bool { return within(dir, in) }) {
					own, more[dir] = append(own, dir), true
				}
			}
			folders[g.Name] = append(folders[g.Name], own...)
		}
	}
	if err != nil && w.isPython() { // it is not known which modules it has imported
		trees[filepath.Dir(w.config)] = true
	}
	maps.DeleteFunc(more, func(dir string, _ bool) bool { return trees[dir] })
	w.mu.Lock()
	w.inputs, w.folders, w.broken = inputs, folders, err != nil
	w.mu.Unlock()
	w.watcher.Watch(watch.Set{Files: slices.Sorted(maps.Keys(inputs)), Trees: append(slices.Sorted(maps.Keys(trees)), slices.Sorted(maps.Keys(more))...)}, since)
}

// editable returns a function that returns the folders with the sources of packages
// that are installed in place for the interpreter of a group.
func (w *watching) editable() func(*plan.Group) []string {
	known := make(map[string][]string) // by interpreter
	return func(g *plan.Group) []string {
		found, err := worker.FindPython(g, filepath.Dir(w.config))
		if err != nil {
			return nil // the start of the workers reports it
		}
		dirs, ok := known[found.Path]
		if !ok {
			dirs = worker.EditableFolders(found.Path)
			known[found.Path] = dirs
		}
		return dirs
	}
}

func (w *watching) isPython() bool { return filepath.Ext(w.config) == ".py" }

// adopted logs what is watched, if that is new.
func (w *watching) adopted(s watch.Summary) {
	text := listed(w.shown(s.Set.Files))
	if len(s.Set.Trees) > 0 {
		text += " and the Python files in " + listed(w.shown(s.Set.Trees))
	}
	w.mu.Lock()
	isNew := text != w.told
	w.told = text
	w.mu.Unlock()
	if !isNew {
		return
	}
	attrs := []any{"reason", text, "folders", s.Folders}
	if s.Polled {
		attrs = append(attrs, "polled", true)
	}
	w.log.Info("watching", attrs...)
}

// shown returns paths as a user would type them.
func (w *watching) shown(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = path
		if rel, err := filepath.Rel(w.home, path); err == nil && filepath.IsLocal(rel) {
			out[i] = rel
		}
	}
	return out
}

// maxListed is how many names a line lists.
const maxListed = 4

func listed(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed-1], ", "), len(names)-maxListed+1)
	}
	return strings.Join(names, ", ")
}

// changed notes files that were saved.
func (w *watching) changed(paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var s saved
	groups := make(map[string]bool)
	for _, path := range paths {
		concerns := w.inputs[path] || w.broken && w.isPython() && within(path, filepath.Dir(w.config))
		s.config = s.config || concerns
		for group := range w.folders {
			if w.isOf(path, group) {
				groups[group], concerns = true, true
			}
		}
		if concerns {
			s.files = append(s.files, path)
		}
	}
	if len(s.files) > 0 {
		s.groups = slices.Sorted(maps.Keys(groups))
		w.due.add(s)
		request(w.more)
		w.doing.giveUp(&s)
	}
}

// isOf reports whether a file is code of a group, or has its variables. The caller
// holds mu.
func (w *watching) isOf(path, group string) bool {
	return path != w.config && watch.IsSource(path) && slices.ContainsFunc(w.folders[group], func(dir string) bool { return within(path, dir) })
}

// reasons returns, for each group whose files were saved, which of them changed.
func (w *watching) reasons(s *saved) map[string]string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[string]string)
	for _, group := range s.groups {
		files := slices.DeleteFunc(slices.Clone(s.files), func(path string) bool { return !w.isOf(path, group) })
		if len(files) > 0 { // otherwise they were saved before, and not brought into effect
			out[group] = listed(w.shown(files)) + " changed"
		}
	}
	return out
}

// within reports whether a file is in a folder or in one below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// diagnosis returns the value for the log of an error of a configuration.
func (w *watching) diagnosis(err error) any {
	if w == nil {
		return err
	}
	return w.opts.Diagnose(err)
}

// saves returns a channel that has a value if there may be something to take.
func (w *watching) saves() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.more
}

// take returns what was saved since the last call, with what could not be
// applied before, or nil if nothing was saved.
func (w *watching) take() *saved {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.due.files) == 0 {
		return nil
	}
	out := w.due
	out.config = out.config || w.owed.config
	out.groups = union(out.groups, w.owed.groups)
	w.due, w.owed = saved{}, saved{}
	return &out
}

// owe notes that what was taken is not in effect. A configuration that could not
// be read is not tried again before it is saved.
func (w *watching) owe(s *saved) {
	if w == nil || s == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owed.config = w.owed.config || s.config && !w.broken
	w.owed.groups = union(w.owed.groups, s.groups)
}

// A saved is what somebody has saved. It never changes once it is taken.
type saved struct {
	files  []string // absolute
	config bool     // the configuration is among them
	groups []string // whose code is among them, sorted
}

func (s *saved) add(o saved) {
	s.files = union(s.files, o.files)
	s.config = s.config || o.config
	s.groups = union(s.groups, o.groups)
}

// union returns the names in either list, sorted.
func union(a, b []string) []string { return sorted(append(slices.Clone(a), b...)) }

// of returns the groups whose code was saved and that a plan has.
func (s *saved) of(p *plan.Plan) []string {
	return slices.DeleteFunc(slices.Clone(s.groups), func(name string) bool { return p == nil || p.Group(name) == nil })
}

// dropBytecode removes bytecode that Python would take for that of the files. A
// nil saved has none.
func (s *saved) dropBytecode() {
	if s == nil {
		return
	}
	for _, path := range s.files {
		watch.DropStaleBytecode(path)
	}
}

// attrs returns the attributes that say in the log what was saved, if anything.
func (w *watching) attrs(s *saved) []any {
	if s == nil {
		return nil
	}
	out := []any{"reason", listed(w.shown(s.files)) + " changed"}
	if len(s.groups) > 0 {
		out = append(out, "groups", listed(s.groups))
	}
	return out
}
