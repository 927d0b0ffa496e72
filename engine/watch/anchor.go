package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// An anchor is a path that was named: a file, or the root of a tree. It need not
// exist. What it leads to can change in its folder and, if there are symbolic
// links on the way, in theirs.
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

// settle finds out where the path leads now, and asks for events there.
func (w *Watcher) settle(a *anchor) {
	was := a.hops
	a.hops = hopsOf(a.path)
	for _, h := range a.hops {
		w.notify.acquire(h.id, h.dir)
		w.names[nameIn{h.id, h.name}]++
	}
	w.unsettle(was)
}

// unsettle takes back what settle has asked for.
func (w *Watcher) unsettle(hops []hop) {
	for _, h := range hops {
		w.notify.release(h.id)
		key := nameIn{h.id, h.name}
		if w.names[key]--; w.names[key] == 0 {
			delete(w.names, key)
		}
	}
}
