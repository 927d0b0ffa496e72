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

// An identity is the set of names of a configuration. Two paths lead to the
// same configuration if they have a name in common. The names are: the path as
// given; for each symbolic link on the path, the folder that contains the link
// together with the path from there; and the folder that contains the file
// together with the file's name.
//
// So a path through a linked or bind-mounted folder names the same
// configuration as a path without one, and so does "current/ldconfig.star"
// before and after current points to another release. A folder is identified by
// its device and inode. A hard link in another folder is another configuration,
// because the relative paths in it start from its own folder.
type identity struct {
	given string   // name of the path as given
	all   []string // all names, sorted
	whole bool     // the path leads to an existing file
}

// identify finds the names of a configuration as its path resolves now. A path
// that does not lead to a file has fewer names.
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

// namesAlong follows the path as the kernel does and returns the names on the
// way.
func namesAlong(path string) []string {
	var names []string
	folder, rest := "/", strings.Trim(path, "/") // folder contains no symbolic link
	for links := 0; links <= maxLinks; {
		step, after, more := strings.Cut(rest, "/")
		switch step {
		case "", ".", "..":
			if step == ".." {
				folder = filepath.Dir(folder)
			}
			if rest = after; !more {
				return names // a folder is not a configuration
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

// nameWithin returns the name of a path relative to a folder, or nil if the
// folder does not exist.
func nameWithin(folder, rest string) []string {
	var st unix.Stat_t
	if unix.Stat(folder, &st) != nil {
		return nil
	}
	return []string{nameOf(fmt.Sprintf("%d:%d:%s", st.Dev, st.Ino, rest))}
}

// nameOf hashes a string to a short file name.
func nameOf(what string) string {
	sum := sha256.Sum256([]byte(what))
	return hex.EncodeToString(sum[:6])
}

// has reports whether any of the names belongs to the identity.
func (id *identity) has(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(id.all, name) })
}
