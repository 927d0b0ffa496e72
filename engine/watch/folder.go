package watch

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A tree is a folder whose sources are watched, with all folders below.
type tree struct {
	anchor
	root *folder // nil if it does not exist
	cut  bool    // it has more folders than are watched
}

// A folder is one folder of a tree, as it was when it was last read.
type folder struct {
	tree   *tree
	parent *folder // nil for the root
	path   string  // as the tree names it
	id     fileID
	rules  rules // that hold above it
	own    rules // that hold in it
	ignore stamp // of its .gitignore
	files  map[string]stamp
	subs   map[string]*folder
	links  map[string]*anchor // symbolic links that lead to sources or folders, or may
	gone   bool
}

// A pass says what counts as a change while folders are read.
type pass uint8

const (
	later pass = iota // everything that differs
	first             // what was changed since a time: the folder is new to us, but not to its app
	quiet             // nothing: git does or does not ignore the folder any more
)

// A visit is a folder to read.
type visit struct {
	folder *folder
	pass   pass
	deep   bool // read the folders below, too
	ruled  bool // the rules above it have changed
}

// read reads folders, and those below them that are new, level by level, so that
// those nearest to the roots come first if there are too many.
func (w *Watcher) read(queue ...visit) {
	for len(queue) > 0 {
		v := queue[0]
		queue = append(queue[1:], w.readOne(v)...)
	}
}

// readOne reads one folder and returns the folders to read next.
func (w *Watcher) readOne(v visit) (next []visit) {
	f := v.folder
	switch {
	case f.gone: // since the visit was planned
		return nil
	case idOfPath(f.path) == f.id:
		v.deep = w.notify.renew(f.id, f.path) || v.deep
	case f.parent != nil: // there is another folder now, or none
		return []visit{{folder: f.parent, pass: v.pass}}
	default: // findRoot will see
		return nil
	}
	entries, err := os.ReadDir(f.path)
	if err != nil {
		entries = nil
	}
	before := f.own
	ruled := w.readRules(f, entries) || v.ruled
	was := rules{} // what was ignored before, if that is something else
	if ruled && f.files != nil {
		was = before
	}
	files, subs, links := make(map[string]stamp), make(map[string]fileID), make(map[string]bool)
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink != 0 && (e.Name() == dotenv || !isSkipped(e.Name())) {
			links[e.Name()] = true
		}
	}
	w.settleLinks(f, links)
	for _, e := range entries {
		w.sort(f, e, files, subs)
	}
	w.compare(f, files, v.pass, ruled, was)
	for name, sub := range f.subs {
		if _, stays := subs[name]; !stays {
			p := v.pass
			if ruled && isThere(sub.path) { // git ignores it now
				p = quiet
			}
			w.drop(sub, p)
			delete(f.subs, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(subs)) {
		next = append(next, w.visitSub(v, name, subs[name], ruled, was)...)
	}
	return next
}

// visitSub returns the visit of a folder below another, if it has to be read.
func (w *Watcher) visitSub(v visit, name string, id fileID, ruled bool, was rules) []visit {
	f := v.folder
	sub, known := f.subs[name]
	path := filepath.Join(f.path, name)
	switch {
	case !known && w.folders >= w.opts.MaxFolders:
		f.tree.cut = true
		return nil
	case !known:
		sub = w.newFolder(f.tree, f, path, id, f.own)
		f.subs[name] = sub
		if was.ignores(path, true) { // git ignores it no more
			return []visit{{folder: sub, pass: quiet}}
		}
		return []visit{{folder: sub, pass: v.pass}}
	case sub.id != id:
		w.notify.acquire(id, path)
		w.move(sub, id)
	case !w.notify.renew(id, path) && !v.deep && !ruled:
		return nil
	}
	sub.rules = f.own
	return []visit{{folder: sub, pass: v.pass, deep: true, ruled: ruled}}
}

// isThere reports whether there is something at a path.
func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sort puts an entry of a folder with the files or the folders that count.
func (w *Watcher) sort(f *folder, e fs.DirEntry, files map[string]stamp, subs map[string]fileID) {
	name := e.Name()
	if name != dotenv && isSkipped(name) || e.Type().IsRegular() && !IsSource(name) {
		return
	}
	path := filepath.Join(f.path, name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.IsDir() && name != dotenv && !f.own.ignores(path, true) && !isVenv(path) && !f.within(idOf(info)):
		if id := idOf(info); id.dev == f.id.dev || !isPseudo(path) {
			subs[name] = id
		}
	case info.Mode().IsRegular() && IsSource(name) && (name == dotenv || !f.own.ignores(path, false)):
		files[name] = stampOf(info)
	}
}

// within reports whether a folder with that id is above the folder or is the
// folder: a symbolic link leads back.
func (f *folder) within(id fileID) bool {
	for at := f; at != nil; at = at.parent {
		if at.id == id {
			return true
		}
	}
	return false
}

// compare records the files of a folder and notes those that have changed. What
// git ignored before does not appear, and what it ignores now does not disappear.
func (w *Watcher) compare(f *folder, files map[string]stamp, p pass, ruled bool, was rules) {
	for name, now := range files {
		before, known := f.files[name]
		path := filepath.Join(f.path, name)
		switch {
		case known && before == now, p == quiet, !known && p == first && !now.isSince(w.since), !known && was.ignores(path, false):
		default:
			w.changed(path)
		}
	}
	for name := range f.files {
		path := filepath.Join(f.path, name)
		if _, stays := files[name]; !stays && p != quiet && (!ruled || !isThere(path)) {
			w.changed(path)
		}
	}
	f.files = files
}

// readRules reads the .gitignore of a folder if it has changed. It reports whether
// that changes what is ignored in a folder that was read before.
func (w *Watcher) readRules(f *folder, entries []fs.DirEntry) (changed bool) {
	var now stamp
	above := f.rules
	for _, e := range entries {
		switch e.Name() {
		case gitIgnore:
			now = stampAt(filepath.Join(f.path, gitIgnore))
		case ".git":
			if f.parent != nil { // it is another repository
				above = rules{top: f.path}
			}
		}
	}
	known := f.files != nil
	changed = known && now != f.ignore
	f.ignore = now
	f.own = above
	if now != (stamp{}) {
		f.own = above.with(filepath.Join(f.path, gitIgnore), f.path)
	}
	return changed
}

// newFolder returns a folder that was not read yet.
func (w *Watcher) newFolder(t *tree, parent *folder, path string, id fileID, above rules) *folder {
	f := &folder{tree: t, parent: parent, path: path, id: id, rules: above, subs: make(map[string]*folder), links: make(map[string]*anchor)}
	w.folders++
	w.notify.acquire(id, path)
	w.enter(f)
	return f
}

// move gives a folder the id that its path has now. The caller has acquired it.
func (w *Watcher) move(f *folder, id fileID) {
	w.leave(f)
	w.notify.release(f.id)
	f.id = id
	w.enter(f)
}

// drop forgets a folder and those below it.
func (w *Watcher) drop(f *folder, p pass) {
	for _, sub := range f.subs {
		w.drop(sub, p)
	}
	w.compare(f, nil, p, false, rules{})
	w.settleLinks(f, nil)
	w.leave(f)
	w.notify.release(f.id)
	w.folders--
	f.gone = true
}

// enter and leave keep the table of the folders with an id.
func (w *Watcher) enter(f *folder) {
	if w.at[f.id] == nil {
		w.at[f.id] = make(map[*folder]struct{})
	}
	w.at[f.id][f] = struct{}{}
}

func (w *Watcher) leave(f *folder) {
	delete(w.at[f.id], f)
	if len(w.at[f.id]) == 0 {
		delete(w.at, f.id)
	}
}
