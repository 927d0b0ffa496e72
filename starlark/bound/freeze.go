package bound

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// These limit how many values freezing a file can walk and how deep it can go.
// The interpreter walks a tuple or a struct again wherever it is held and
// recurses at each level, without counting a step.
const (
	maxFrozen = 4_000_000
	maxLevels = 20_000
)

// Freezable returns the first name whose value is so large that freezing it
// would take too long or overflow the stack, or "" if there is none.
func Freezable(globals starlark.StringDict) string {
	f := freezing{left: maxFrozen, seen: make(map[starlark.Value]bool)}
	for _, name := range globals.Keys() {
		if v := globals[name]; v != nil && !f.walk(v, 0) {
			return name
		}
	}
	return ""
}

// A freezing walks values as Freeze does.
type freezing struct {
	left int
	seen map[starlark.Value]bool // lists, dicts and sets, which are frozen only once
}

func (f *freezing) walk(v starlark.Value, level int) bool {
	if f.left--; f.left < 0 || level > maxLevels {
		return false
	}
	each := func(parts ...starlark.Value) bool {
		for _, p := range parts {
			if p != nil && !f.walk(p, level+1) {
				return false
			}
		}
		return true
	}
	switch v := v.(type) {
	case starlark.Tuple:
		return each(v...)
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			if a, err := v.Attr(name); err == nil && !each(a) {
				return false
			}
		}
	case *starlark.Builtin:
		return each(v.Receiver())
	case *starlark.Function:
		for i := range v.NumParams() {
			if !each(v.ParamDefault(i)) {
				return false
			}
		}
		for i := range v.NumFreeVars() {
			if _, free := v.FreeVar(i); !each(free) {
				return false
			}
		}
	case *starlark.List, *starlark.Set, *starlark.Dict:
		if f.seen[v] {
			return true
		}
		f.seen[v] = true
		return f.elements(v, each)
	}
	return true
}

func (f *freezing) elements(v starlark.Value, each func(...starlark.Value) bool) bool {
	if d, ok := v.(*starlark.Dict); ok {
		for key, val := range d.Entries() {
			if !each(key, val) {
				return false
			}
		}
		return true
	}
	for e := range starlark.Elements(v.(starlark.Iterable)) {
		if !each(e) {
			return false
		}
	}
	return true
}
