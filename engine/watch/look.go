package watch

import (
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// note notes what events are about. It reports whether anything is.
func (w *Watcher) note(events map[string]fsnotify.Op, all bool) (matters bool) {
	w.everything = w.everything || all
	for path, op := range events {
		goes := op.Has(fsnotify.Remove) || op.Has(fsnotify.Rename)
		if id, ok := w.notify.byPath[path]; ok && goes {
			w.lost(id)
			matters = true
		}
		dir, name := filepath.Split(path)
		id, ok := w.notify.byPath[filepath.Clean(dir)]
		if !ok || name == "" {
			continue
		}
		for f := range w.at[id] {
			if sub := f.subs[name]; sub != nil && goes { // the system may know it by another name
				w.lost(sub.id)
				matters = true
			}
		}
		if in := w.names[nameIn{id, name}]; in != nil {
			matters = true
			w.paths = w.paths || in.paths > 0
			for f := range in.links {
				w.dirty[f.id] = struct{}{}
			}
		}
		mayBeFolder := op.Has(fsnotify.Create) || goes
		if w.at[id] != nil && (IsSource(name) || name == gitIgnore || mayBeFolder && !isSkipped(name)) {
			w.dirty[id], matters = struct{}{}, true
		}
	}
	return matters || all
}

// lost forgets the watch on a folder that was removed or renamed, and has all its
// names read again: a folder that is made next may get its id.
func (w *Watcher) lost(id fileID) {
	w.notify.lost(id)
	w.dirty[id] = struct{}{}
}

// look finds out what has changed where something may have.
func (w *Watcher) look() {
	var visits []visit
	if w.paths || w.everything {
		visits = w.lookAtPaths()
	}
	if w.everything {
		visits = nil
		for _, t := range w.trees {
			if t.root != nil {
				visits = append(visits, visit{folder: t.root, deep: true})
			}
		}
	} else {
		for id := range w.dirty {
			for f := range w.at[id] {
				visits = append(visits, visit{folder: f})
			}
		}
	}
	clear(w.dirty)
	w.everything, w.paths = false, false
	w.read(visits...)
	w.warn()
}

// lookAtPaths looks at the named files and at the roots of the trees. It returns
// the roots to read.
func (w *Watcher) lookAtPaths() (visits []visit) {
	for path, f := range w.files {
		w.settle(&f.anchor, nil)
		if now := stampAt(path); now != f.was {
			f.was = now
			w.changed(path)
		}
	}
	for _, t := range w.trees {
		w.settle(&t.anchor, nil)
		visits = append(visits, w.findRoot(t, later)...)
	}
	return visits
}

// findRoot looks whether the root of a tree is still the same folder. It returns
// the root if it has to be read.
func (w *Watcher) findRoot(t *tree, p pass) []visit {
	id := idOfPath(t.path)
	switch {
	case t.root == nil && id == fileID{}:
	case t.root == nil:
		t.root = w.newFolder(t, nil, t.path, id, rulesAbove(t.path))
		return []visit{{folder: t.root, pass: p, deep: true}}
	case id == fileID{}:
		w.drop(t.root, p)
		t.root = nil
	case id != t.root.id:
		w.notify.acquire(id, t.path)
		w.move(t.root, id)
		return []visit{{folder: t.root, pass: p, deep: true}}
	case w.notify.renew(id, t.path):
		return []visit{{folder: t.root, pass: p, deep: true}}
	}
	return nil
}

// poll looks at the folders without events. It returns how long that took.
func (w *Watcher) poll() time.Duration {
	if !w.notify.polls() {
		return 0
	}
	begun := time.Now()
	visits := w.lookAtPaths()
	for id, folders := range w.at {
		if w.notify.isPolled(id) {
			for f := range folders {
				visits = append(visits, visit{folder: f})
			}
		}
	}
	for name, in := range w.names {
		if w.notify.isPolled(name.folder) {
			for f := range in.links {
				visits = append(visits, visit{folder: f})
			}
		}
	}
	w.read(visits...)
	return time.Since(begun)
}
