package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links the kernel follows in a path.
const maxLinks = 40

// An identity is the names of a configuration. Two paths lead to the same
// configuration if they have a name in common: the path as it was given; for
// each symbolic link that it goes through, the folder that has the link and
// the path from there; and the folder that has the file with the file's name.
//
// So a path through a linked or bind-mounted folder is the same configuration
// as one without, and so is "current/ldconfig.star" before and after current
// leads to another release. A folder is known by its device and inode. A hard
// link in another folder is another configuration: what it names starts at its
// own folder.
type identity struct {
	given string   // name of the path as it was given
	all   []string // names, sorted
	whole bool     // the path leads to a file that is there
}

// identify finds the names of a configuration as its path leads now. A path
// that leads nowhere has fewer.
func identify(configPath string) (identity, error) {
	path, err := filepath.Abs(configPath)
	if err != nil {
		return identity{}, err
	}
	id := identity{given: nameOf(path)}
	id.all = append(namesAlong(path), id.given)
	_, err = os.Stat(path)
	id.whole = err == nil
	slices.Sort(id.all)
	id.all = slices.Compact(id.all)
	return id, nil
}

// namesAlong follows path as the kernel does.
func namesAlong(path string) []string {
	var names []string
	folder, rest := "/", strings.Trim(path, "/") // folder has no link in it
	for links := 0; links <= maxLinks; {
		step, after, more := strings.Cut(rest, "/")
		switch step {
		case "", ".", "..":
			if step == ".." {
				folder = filepath.Dir(folder)
			}
			if rest = after; !more {
				return names // a folder, which is no configuration
			}
			continue
		}
		here := filepath.Join(folder, step)
		if target, err := os.Readlink(here); err == nil {
			names = append(names, nameWithin(folder, rest)...)
			if filepath.IsAbs(target) {
				folder = "/"
			}
			if rest = target; more {
				rest += "/" + after
			}
			links++
			continue
		}
		if !more {
			return append(names, nameWithin(folder, step)...)
		}
		folder, rest = here, after
	}
	return names
}

// nameWithin is the name of a path from a folder; none if there is no folder.
func nameWithin(folder, rest string) []string {
	var st unix.Stat_t
	if unix.Stat(folder, &st) != nil {
		return nil
	}
	return []string{nameOf(fmt.Sprintf("%d:%d:%s", st.Dev, st.Ino, rest))}
}

// nameOf makes a short file name of anything.
func nameOf(what string) string {
	sum := sha256.Sum256([]byte(what))
	return hex.EncodeToString(sum[:6])
}

// has reports whether one of the names is the identity's.
func (id *identity) has(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(id.all, name) })
}
