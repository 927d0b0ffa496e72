package static

import "strings"

// isFolder reports whether a name is that of a folder.
func isFolder[T string | []byte](name T) bool { return len(name) == 0 || name[len(name)-1] == '/' }

// extension returns the part of a name behind its last dot, in lower case.
func extension(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return ""
	}
	return strings.ToLower(name[i+1:])
}
