package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// An anchor is a path that was named, of a file or of the root of a tree, or a
// symbolic link in a tree. It need not lead anywhere. What it leads to can change
// in its folder and, if there are symbolic links on the way, in theirs.
type anchor struct {
	path string
	hops []hop
}

// A hop is a name in a folder that decides where a path leads.
type hop struct {
	dir  string // without symbolic links
	id   fileID
	name string
}

// An interest says who wants to know when a name in a folder leads elsewhere, or
// when what it leads to changes.
type interest struct {
	paths int             // named paths
	links map[*folder]int // folders with symbolic links
}

// A nameIn is a name in a folder.
type nameIn struct {
	folder fileID
	name   string
}

// maxLinks is how many symbolic links a path can have.
const maxLinks = 40

// hopsOf returns the hops of an absolute path.
func hopsOf(path string) []hop {
	var out []hop
	dir, rest, links := "/", namesOf(path), 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		full := filepath.Join(dir, name)
		info, err := os.Lstat(full)
		isLink := err == nil && info.Mode()&os.ModeSymlink != 0
		if err != nil || isLink || len(rest) == 0 {
			out = append(out, hop{dir, idOfPath(dir), name})
		}
		if err != nil {
			return out
		}
		if !isLink {
			dir = full
			continue
		}
		target, err := os.Readlink(full)
		if links++; err != nil || links > maxLinks {
			return out
		}
		if filepath.IsAbs(target) {
			dir = "/"
		}
		rest = append(namesOf(target), rest...)
	}
	return out
}

func namesOf(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// settle finds out where the path leads now, and asks for events there. The owner
// is the folder that has the link, or nil for a path that was named.
func (w *Watcher) settle(a *anchor, owner *folder) {
	was := a.hops
	a.hops = hopsOf(a.path)
	for _, h := range a.hops {
		w.notify.acquire(h.id, h.dir)
		in := w.names[nameIn{h.id, h.name}]
		if in == nil {
			in = &interest{links: make(map[*folder]int)}
			w.names[nameIn{h.id, h.name}] = in
		}
		if owner == nil {
			in.paths++
		} else {
			in.links[owner]++
		}
	}
	w.unsettle(was, owner)
}

// unsettle takes back what settle has asked for.
func (w *Watcher) unsettle(hops []hop, owner *folder) {
	for _, h := range hops {
		w.notify.release(h.id)
		in := w.names[nameIn{h.id, h.name}]
		if owner == nil {
			in.paths--
		} else if in.links[owner]--; in.links[owner] == 0 {
			delete(in.links, owner)
		}
		if in.paths == 0 && len(in.links) == 0 {
			delete(w.names, nameIn{h.id, h.name})
		}
	}
}

// settleLinks settles the symbolic links of a folder, by their names.
func (w *Watcher) settleLinks(f *folder, names map[string]bool) {
	for name := range names {
		a := f.links[name]
		switch {
		case a == nil && w.links >= w.opts.MaxFolders:
			f.tree.cut = true
			continue
		case a == nil:
			w.links++
			a = &anchor{path: filepath.Join(f.path, name)}
			f.links[name] = a
		}
		w.settle(a, f)
	}
	for name, a := range f.links {
		if !names[name] {
			w.links--
			w.unsettle(a.hops, f)
			delete(f.links, name)
		}
	}
}
